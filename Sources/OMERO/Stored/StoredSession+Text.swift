/// The text of a session's file: lines of `name=value`, as omero-py's `omero.util.sessions` reads and writes them.
extension StoredSession {
    private enum Name {
        static let host = "omero.host"
        static let user = "omero.user"
        static let key = "omero.sess"
        static let port = "omero.port"
        static let group = "omero.group"
        static let timeout = "omero.timeout"
        static let sudo = "omero.sudo"
    }

    /// What stops a file's text from being that of a session.
    struct Malformed: Error {
        var reason: String
    }

    /// Reads a file's text; host, user and key are those of its path.
    init(host: String, user: String, key: String, text: String) throws(Malformed) {
        var values: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            values[String(parts[0])] = parts.count > 1 ? String(parts[1]) : ""
        }
        // Every writer puts it behind what else it knows. Where it is missing, a part of the file is.
        guard values.removeValue(forKey: Name.key) == key else {
            throw Malformed(reason: "has no line \(Name.key) with the session's key")
        }
        values[Name.host] = nil
        values[Name.user] = nil
        func number(_ name: String, _ range: ClosedRange<Int>) throws(Malformed) -> Int? {
            guard let text = values.removeValue(forKey: name), !text.isEmpty else { return nil }
            guard let number = Int(text), range.contains(number) else {
                throw Malformed(reason: "has a line \(name) that is none of \(range.lowerBound)…\(range.upperBound)")
            }
            return number
        }
        self.init(
            host: host,
            user: user,
            key: key,
            port: try number(Name.port, 1...65_535),
            group: values.removeValue(forKey: Name.group),
            idleSeconds: try number(Name.timeout, 0...Int(Int32.max)),
            sudo: values.removeValue(forKey: Name.sudo)
        )
        others = values
    }

    /// The text of the file. The key comes last: see the reader.
    ///
    /// - Throws: for values that would end their line.
    func text() throws(Malformed) -> String {
        var values = others.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        if let port { values.append((Name.port, String(port))) }
        if let group { values.append((Name.group, group)) }
        if let idleSeconds { values.append((Name.timeout, String(idleSeconds))) }
        if let sudo { values.append((Name.sudo, sudo)) }
        values += [(Name.host, host), (Name.user, user), (Name.key, key)]
        var text = ""
        for (name, value) in values {
            guard !"\(name)\(value)".contains(where: \.endsLines) else {
                throw Malformed(reason: "has a value for \(name) with characters that no line of a file may have")
            }
            text += "\(name)=\(value)\n"
        }
        return text
    }
}
