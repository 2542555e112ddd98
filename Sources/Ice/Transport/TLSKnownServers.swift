import Synchronization

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Remembers which certificate each server showed first.
///
/// The methods are called on event loops and should not take long.
public protocol KnownServersStore: Sendable {
    /// The fingerprint that is known for a server, or nil if it is new.
    func fingerprint(host: String, port: Int) throws -> CertificateFingerprint?
    /// Remembers the fingerprint of a new server.
    ///
    /// - Returns: the fingerprint that is known from now on: an earlier one, if there is one, stays.
    func remember(_ fingerprint: CertificateFingerprint, host: String, port: Int) throws -> CertificateFingerprint
    /// Forgets a server, so that its next certificate is taken for its first.
    func forget(host: String, port: Int) throws
}

/// Seconds since 1970, for the dates of certificates.
func secondsSince1970() -> Int { time(nil) }

/// Remembers servers as long as the process runs.
public final class InMemoryKnownServers: KnownServersStore {
    private struct Server: Hashable {
        var host: String
        var port: Int
    }

    private let servers = Mutex<[Server: CertificateFingerprint]>([:])

    public init() {}

    public func fingerprint(host: String, port: Int) -> CertificateFingerprint? {
        servers.withLock { $0[Server(host: host.lowercased(), port: port)] }
    }

    public func remember(_ fingerprint: CertificateFingerprint, host: String, port: Int) -> CertificateFingerprint {
        servers.withLock { servers in
            let server = Server(host: host.lowercased(), port: port)
            let known = servers[server] ?? fingerprint
            servers[server] = known
            return known
        }
    }

    public func forget(host: String, port: Int) {
        _ = servers.withLock { $0.removeValue(forKey: Server(host: host.lowercased(), port: port)) }
    }
}

/// Remembers servers in a file that only its owner can read: one line each, with host, port and fingerprint.
///
/// Several processes may share the file. It is replaced as a whole, so that a reader never sees half of it. Its folder
/// is made where it is missing.
public struct KnownServersFile: KnownServersStore {
    /// Why the file could not be used.
    public struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
        /// What was wrong.
        public enum Reason: Sendable, Hashable {
            /// The operating system refused; its `errno`.
            case system(operation: String, code: Int32)
            /// A line that is no server. Left alone, it might hide that a server is known.
            case malformedLine(Int)
            /// It has more bytes than any list of servers.
            case tooLarge
        }

        /// Where the file is.
        public var path: String
        /// What was wrong.
        public var reason: Reason

        public var description: String {
            switch reason {
            case .system(let operation, let code): "\(path): \(operation) failed: \(String(cString: strerror(code)))"
            case .malformedLine(let number): "\(path): line \(number) is not a host, a port and a fingerprint"
            case .tooLarge: "\(path) is larger than a list of servers can be"
            }
        }
    }

    /// Where the file is; it need not be there.
    public let path: String
    /// Serialises the threads of this process; `flock` serialises processes.
    private static let lock = Mutex(())
    private static let largestFile = 4 << 20

    public init(path: String) { self.path = path }

    public func fingerprint(host: String, port: Int) throws(Failure) -> CertificateFingerprint? {
        let key = Self.key(host, port)
        return try readLines().last { $0.key == key }?.fingerprint
    }

    /// Remembers the fingerprint of a new server; see ``KnownServersStore/remember(_:host:port:)``.
    public func remember(
        _ fingerprint: CertificateFingerprint,
        host: String,
        port: Int
    ) throws(Failure) -> CertificateFingerprint {
        let key = Self.key(host, port)
        return try locked { () throws(Failure) in
            var lines = try readLines()
            if let known = lines.last(where: { $0.key == key })?.fingerprint { return known }
            lines.append(Line(text: "\(key) \(fingerprint)", key: key, fingerprint: fingerprint))
            try replace(with: lines)
            return fingerprint
        }
    }

    public func forget(host: String, port: Int) throws(Failure) {
        let key = Self.key(host, port)
        try locked { () throws(Failure) in try replace(with: try readLines().filter { $0.key != key }) }
    }

    // MARK: Lines

    private struct Line {
        var text: String
        /// Nil for comments and empty lines.
        var key: String?
        var fingerprint: CertificateFingerprint?
    }

    /// Host and port as they stand in a line. What would break the line stands as `%` and two digits.
    private static func key(_ host: String, _ port: Int) -> String {
        var text: [UInt8] = []
        for byte in host.lowercased().utf8 {
            if byte > 0x20, byte != UInt8(ascii: "%"), byte != UInt8(ascii: "#"), byte != 0x7f {
                text.append(byte)
            } else {
                let digits = String(byte, radix: 16)
                text += Array("%\(digits.utf8.count < 2 ? "0" : "")\(digits)".utf8)
            }
        }
        return "\(String(decoding: text, as: UTF8.self)) \(port)"
    }

    private func readLines() throws(Failure) -> [Line] {
        var lines: [Line] = []
        var number = 0
        for text in String(decoding: try readAll(), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        {
            number += 1
            let words = text.split(whereSeparator: \.isWhitespace)
            if words.isEmpty || words[0].hasPrefix("#") {
                lines.append(Line(text: String(text)))
                continue
            }
            guard words.count == 3, Int(words[1]) != nil, let fingerprint = CertificateFingerprint(String(words[2]))
            else {
                throw failure(.malformedLine(number))
            }
            lines.append(
                Line(text: String(text), key: "\(words[0].lowercased()) \(words[1])", fingerprint: fingerprint))
        }
        // What follows the last line's end is no line.
        if lines.last?.text.isEmpty == true { lines.removeLast() }
        return lines
    }

    // MARK: Files

    private func failure(_ reason: Failure.Reason) -> Failure { Failure(path: path, reason: reason) }
    private func failure(_ operation: String) -> Failure { failure(.system(operation: operation, code: errno)) }

    /// What is in the file; nothing if there is none.
    private func readAll() throws(Failure) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return [] }
            throw failure("open")
        }
        defer { close(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read") }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= Self.largestFile else { throw failure(.tooLarge) }
        }
    }

    private func replace(with lines: [Line]) throws(Failure) {
        let bytes = Array(lines.map { $0.text + "\n" }.joined().utf8)
        let name = "\(path).\(getpid()).\(UInt64.random(in: .min ... .max))"
        let file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("open") }
        var written = 0
        var problem: Failure?
        while written < bytes.count, problem == nil {
            let count = bytes.withUnsafeBytes {
                write(file, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count > 0 { written += count } else if errno != EINTR { problem = failure("write") }
        }
        if problem == nil, fsync(file) != 0 { problem = failure("fsync") }
        close(file)
        if problem == nil, rename(name, path) != 0 { problem = failure("rename") }
        if let problem {
            unlink(name)
            throw problem
        }
    }

    /// Makes the folder of a file, and those above it that are missing, closed to others.
    private func makeFolder(above path: String) throws(Failure) {
        guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return }
        let folder = String(path[..<slash])
        if mkdir(folder, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT else { throw failure("mkdir") }
        try makeFolder(above: folder)
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure("mkdir") }
    }

    /// Does something while no other thread or process changes the file.
    private func locked<Value: Sendable>(_ body: () throws(Failure) -> Value) throws(Failure) -> Value {
        try Self.lock.withLock { _ throws(Failure) in
            // The lock is on a file of its own, as the file itself is replaced.
            var file = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            if file < 0, errno == ENOENT {
                try makeFolder(above: path)
                file = open("\(path).lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
            }
            guard file >= 0 else { throw failure("open") }
            defer { close(file) }
            // Whoever has the lock writes a few lines and lets go. Nobody waits longer than this: 100 times 10 ms.
            var attempts = 0
            while flock(file, LOCK_EX | LOCK_NB) != 0 {
                attempts += 1
                guard errno == EINTR || errno == EWOULDBLOCK, attempts <= 100 else { throw failure("flock") }
                usleep(10_000)
            }
            return try body()
        }
    }
}
