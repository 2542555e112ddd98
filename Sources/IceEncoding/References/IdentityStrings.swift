extension Identity: CustomStringConvertible {
    /// Reads an identity as Ice 3.6 writes it: `category/name` or `name`, in printable ASCII with escapes.
    ///
    /// An empty string, or `/`, is the identity of the null proxy. As in Ice, a category may stand without a name;
    /// only proxies refuse that.
    ///
    /// - Throws: ``ReferenceParseError`` of the kind `identity`.
    public init(parsing text: String) throws(ReferenceParseError) {
        let bytes = Array(text.utf8)
        try self.init(parsing: bytes[...])
    }

    init(parsing bytes: ArraySlice<UInt8>) throws(ReferenceParseError) {
        var slash: Int?
        var backslashes = 0
        for index in bytes.indices {
            // A slash separates unless an odd number of backslashes stands before it: an even one is backslashes.
            if bytes[index] == UInt8(ascii: "/"), backslashes.isMultiple(of: 2) {
                guard slash == nil else { throw ReferenceParseError(.identity, .unescapedSlash, at: index) }
                slash = index
            }
            backslashes = bytes[index] == UInt8(ascii: "\\") ? backslashes + 1 : 0
        }
        if let slash {
            category = try unescapeReferenceText(bytes[..<slash], .identity)
            name = try unescapeReferenceText(bytes[(slash + 1)...], .identity)
        } else {
            category = ""
            name = try unescapeReferenceText(bytes, .identity)
        }
    }

    /// The identity as Ice 3.6 writes it: `category/name`, or `name` without a category.
    public var description: String {
        let name = escapeReferenceText(name, slash: true)
        return category.isEmpty ? name : "\(escapeReferenceText(category, slash: true))/\(name)"
    }
}
