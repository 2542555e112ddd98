/// The names of files and folders in ``SessionFiles``.
enum SessionNames {
    static let lastHost = "._LASTHOST_"
    static let lastPort = "._LASTPORT_"
    static let lastUser = "._LASTUSER_"
    static let lastSession = "._LASTSESS_"
    /// Ours: omero-py knows no lock, and passes over the file.
    static let lock = "._LOCK_"

    /// A host as the name of its folder: what is no letter, digit, or one of `_.-~` in ASCII stands as `%` and two
    /// capital digits for each byte. That is Python's `urllib.parse.quote` without safe characters.
    static func folder(ofHost host: String) -> String? {
        guard !host.isEmpty, host != ".", host != ".." else { return nil }
        let digits = Array("0123456789ABCDEF".utf8)
        var name: [UInt8] = []
        for byte in host.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"),
                UInt8(ascii: "~"):
                name.append(byte)
            default:
                name += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: name, as: UTF8.self)
    }

    /// The host of a folder; nil for a name that no host's folder has.
    static func host(ofFolder name: String) -> String? {
        var bytes: [UInt8] = []
        var rest = Substring(name).utf8
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let value = UInt8(Substring(rest.prefix(2)), radix: 16) else { return nil }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let host = String(validating: bytes, as: UTF8.self), folder(ofHost: host) == name else { return nil }
        return host
    }

    /// A user's name stands as it is.
    static func isUser(_ name: String) -> Bool {
        name != "." && name != ".." && !name.hasPrefix("._") && isName(name)
    }

    /// A key stands as it is; a dot in front marks what is no session.
    static func isKey(_ name: String) -> Bool { !name.hasPrefix(".") && isName(name) }

    /// Names of one file, not of a path that might lead out of the folder.
    private static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.utf8.contains(UInt8(ascii: "/")) && !name.contains(where: \.endsLines)
    }
}
