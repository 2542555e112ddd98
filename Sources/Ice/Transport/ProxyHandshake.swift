import IceEncoding

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What is said to a proxy, and what its answers mean, until the way is free. Knows no channel.
///
/// Invalid input: answers of another protocol, heads without an end, unknown methods, and an end before the way is
/// free; each ends the handshake with a ``NetworkProxyFailure``.
enum ProxyHandshake {
    case http(HTTPConnectHandshake)
    case socks(SOCKS5Handshake)

    enum Step: Hashable {
        /// More has to come first.
        case wait
        case say([UInt8])
        /// The way is free; what follows in the input is the server's.
        case done
    }

    init(_ proxy: NetworkProxy, host: String, port: Int) {
        switch proxy.kind {
        case .http: self = .http(HTTPConnectHandshake(proxy, host: host, port: port))
        case .socks5: self = .socks(SOCKS5Handshake(proxy, host: host, port: port))
        }
    }

    /// What this side says first.
    func greeting() throws(NetworkProxyFailure) -> [UInt8] {
        switch self {
        case .http(let handshake): try handshake.request()
        case .socks(let handshake): try handshake.greeting()
        }
    }

    /// Takes what it needs from the front of `input`.
    mutating func next(_ input: inout ArraySlice<UInt8>) throws(NetworkProxyFailure) -> Step {
        switch self {
        case .http(let handshake):
            return try handshake.answer(&input)
        case .socks(var handshake):
            let step = try handshake.next(&input)
            self = .socks(handshake)
            return step
        }
    }
}

/// `CONNECT` and its answer.
struct HTTPConnectHandshake {
    /// No proxy says more before the empty line.
    static let headLimit = 32 * 1024
    private static let end: [UInt8] = Array("\r\n\r\n".utf8)

    private let proxy: NetworkProxy
    private let target: String
    private let isValid: Bool

    init(_ proxy: NetworkProxy, host: String, port: Int) {
        self.proxy = proxy
        target = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        // Nothing that would end the line or begin another.
        isValid = !host.isEmpty && host.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
    }

    func request() throws(NetworkProxyFailure) -> [UInt8] {
        guard isValid else { throw .invalidTarget }
        var text = "CONNECT \(target) HTTP/1.1\r\nHost: \(target)\r\n"
        if let user = proxy.user {
            // A user with a colon can't be told from the password (RFC 7617, section 2).
            guard !user.contains(":") else { throw .invalidTarget }
            text +=
                "Proxy-Authorization: Basic \(ReferenceBase64.encode(Array("\(user):\(proxy.password ?? "")".utf8)))\r\n"
        }
        return Array((text + "\r\n").utf8)
    }

    func answer(_ input: inout ArraySlice<UInt8>) throws(NetworkProxyFailure) -> ProxyHandshake.Step {
        let start = Array("HTTP/1.".utf8)
        guard input.starts(with: start.prefix(input.count)) else { throw .malformed }
        guard let head = input.prefix(Self.headLimit).firstRange(of: Self.end) else {
            guard input.count < Self.headLimit else { throw .malformed }
            return .wait
        }
        let line = input[input.startIndex..<head.lowerBound].prefix { $0 != 13 && $0 != 10 }
        let words = line.split(separator: 32, maxSplits: 2)
        guard words.count >= 2, words[1].count == 3,
            let status = Int(String(decoding: words[1], as: UTF8.self))
        else { throw .malformed }
        switch status {
        case 200..<300:
            input = input[head.upperBound...]
            return .done
        case 407: throw .authentication
        default:
            let reason = words.count > 2 ? String(decoding: words[2].prefix(100), as: UTF8.self) : ""
            throw .status(status, reason)
        }
    }
}

/// Version 5 of SOCKS: methods, then user and password where they are asked for, then the target.
struct SOCKS5Handshake {
    private enum State { case methods, authentication, reply }

    private let proxy: NetworkProxy
    private let host: String
    private let port: Int
    private var state = State.methods

    init(_ proxy: NetworkProxy, host: String, port: Int) {
        self.proxy = proxy
        self.host = host
        self.port = port
    }

    func greeting() throws(NetworkProxyFailure) -> [UInt8] {
        // Lengths are one byte.
        guard (1...255).contains(host.utf8.count), (0...255).contains((proxy.password ?? "").utf8.count),
            proxy.user.map({ (1...255).contains($0.utf8.count) }) ?? true
        else { throw .invalidTarget }
        return proxy.user == nil ? [5, 1, 0] : [5, 2, 0, 2]
    }

    mutating func next(_ input: inout ArraySlice<UInt8>) throws(NetworkProxyFailure) -> ProxyHandshake.Step {
        guard let first = input.first else { return .wait }
        switch state {
        case .methods:
            guard first == 5 else { throw .malformed }
            guard input.count >= 2 else { return .wait }
            let method = input[input.startIndex + 1]
            input = input.dropFirst(2)
            switch (method, proxy.user) {
            case (0, _):
                state = .reply
                return .say(request)
            case (2, let user?):
                state = .authentication
                let (name, word) = (Array(user.utf8), Array((proxy.password ?? "").utf8))
                return .say([1, UInt8(name.count)] + name + [UInt8(word.count)] + word)
            case (0xFF, _): throw .authentication
            default: throw .malformed
            }
        case .authentication:
            guard first == 1 else { throw .malformed }
            guard input.count >= 2 else { return .wait }
            guard input[input.startIndex + 1] == 0 else { throw .authentication }
            input = input.dropFirst(2)
            state = .reply
            return .say(request)
        case .reply:
            guard first == 5 else { throw .malformed }
            guard input.count >= 2 else { return .wait }
            let code = input[input.startIndex + 1]
            guard code == 0 else { throw .socks(code) }
            guard input.count >= 5 else { return .wait }
            let address: Int
            switch input[input.startIndex + 3] {
            case 1: address = 4
            case 3: address = 1 + Int(input[input.startIndex + 4])
            case 4: address = 16
            default: throw .malformed
            }
            guard input.count >= 4 + address + 2 else { return .wait }
            input = input.dropFirst(4 + address + 2)
            return .done
        }
    }

    /// Names are left to the proxy, which resolves them.
    private var request: [UInt8] {
        let name = Array(host.utf8)
        let target =
            Self.address(host, AF_INET, 4).map { [1] + $0 } ?? Self.address(host, AF_INET6, 16).map { [4] + $0 }
            ?? [3, UInt8(name.count)] + name
        return [5, 1, 0] + target + [UInt8(port >> 8 & 0xFF), UInt8(port & 0xFF)]
    }

    /// The bytes of a numeric address; nil for a name.
    private static func address(_ text: String, _ family: Int32, _ size: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: size)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
