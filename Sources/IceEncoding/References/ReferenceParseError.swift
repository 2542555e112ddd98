/// A string that is not a proxy, an endpoint or an identity: what is wrong with it, and where.
public struct ReferenceParseError: Error, Hashable, Sendable, CustomStringConvertible {
    /// Which of Ice's exceptions says the same.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The string of a proxy.
        case proxy = "ProxyParseException"
        /// The string of an endpoint.
        case endpoint = "EndpointParseException"
        /// The string of an identity.
        case identity = "IdentityParseException"
        /// A category without a name.
        case illegalIdentity = "IllegalIdentityException"
        /// The bytes of an opaque endpoint of a known type are not such an endpoint.
        case marshal = "MarshalException"
    }

    /// What is wrong.
    public enum Reason: Hashable, Sendable {
        /// Nothing but white space.
        case empty
        /// The string stands for the null proxy, and a proxy was needed.
        case nullProxy
        /// No identity stands at the beginning.
        case missingIdentity
        /// An identity with a category and without a name.
        case missingName(category: String)
        /// A quotation mark has no second one.
        case mismatchedQuotes
        /// A byte other than printable ASCII, which must be written as an escape.
        case unprintableByte(UInt8)
        /// A backslash with nothing behind it.
        case trailingBackslash
        /// `\400` and above.
        case octalOutOfRange(Int)
        /// Escapes that together are no UTF-8.
        case invalidUTF8
        /// A second `/` without a backslash in an identity.
        case unescapedSlash
        /// A word where an option should be.
        case expectedOption(String)
        /// An option that there is not.
        case unknownOption(String)
        /// A word of an endpoint that no option takes.
        case unknownArgument(String)
        /// An option needs an argument and has none.
        case missingArgument(option: String)
        /// An option takes no argument and has one.
        case unexpectedArgument(option: String, argument: String)
        /// An option's argument is none that it takes.
        case invalidArgument(option: String, argument: String)
        /// An option stands there twice.
        case repeatedOption(String)
        /// An option that an opaque endpoint must have.
        case missingOption(String)
        /// `@` with nothing behind it.
        case missingAdapterID
        /// Something follows what should be the end.
        case trailingCharacters
        /// No endpoint has a protocol that is known; this is the first one's.
        case unknownProtocol(String)
        /// `-h *` stands for all interfaces of a server, which a client cannot connect to.
        case wildcardHost
        /// `--sourceAddress` in the endpoint of an object adapter.
        case sourceAddressOfAdapter
        /// An opaque endpoint of a known type with other bytes than that type has.
        case invalidContent(MarshalError)
    }

    /// What was read.
    public var kind: Kind
    /// What is wrong with it.
    public var reason: Reason
    /// The offset in bytes (UTF-8) of the part of the string that is meant.
    public var position: Int

    public init(_ kind: Kind, _ reason: Reason, at position: Int) {
        self.kind = kind
        self.reason = reason
        self.position = position
    }

    public var description: String { "\(subject): \(explanation) (at byte \(position))" }

    private var subject: String {
        switch kind {
        case .proxy: "invalid proxy"
        case .endpoint, .marshal: "invalid endpoint"
        case .identity, .illegalIdentity: "invalid identity"
        }
    }

    private var explanation: String {
        switch reason {
        case .empty: "there is nothing but white space"
        case .nullProxy: "the null proxy is not allowed here"
        case .missingIdentity: "there is no identity"
        case .missingName(let category): "the category '\(category)' has no name after it"
        case .mismatchedQuotes: "a quotation mark has no counterpart"
        case .unprintableByte(let byte): "byte \(byte) is not printable ASCII and must be written as an escape"
        case .trailingBackslash: "nothing follows a backslash"
        case .octalOutOfRange(let value): "the octal escape of \(value) is above 255"
        case .invalidUTF8: "the escapes are not UTF-8"
        case .unescapedSlash: "there is a second '/' without a backslash before it"
        case .expectedOption(let word): "expected an option, found '\(word)'"
        case .unknownOption(let option): "unknown option \(option)"
        case .unknownArgument(let word): "unknown option or argument '\(word)'"
        case .missingArgument(let option): "option \(option) needs an argument"
        case .unexpectedArgument(let option, let argument): "option \(option) takes no argument, found '\(argument)'"
        case .invalidArgument(let option, let argument): "option \(option) cannot have the value '\(argument)'"
        case .repeatedOption(let option): "option \(option) is there twice"
        case .missingOption(let option): "option \(option) is missing"
        case .missingAdapterID: "no adapter id follows '@'"
        case .trailingCharacters: "something follows the end"
        case .unknownProtocol(let name): "unknown protocol '\(name)'"
        case .wildcardHost: "'-h *' is for servers"
        case .sourceAddressOfAdapter: "--sourceAddress is for clients"
        case .invalidContent(let error): "the bytes are no endpoint of that type: \(error)"
        }
    }
}
