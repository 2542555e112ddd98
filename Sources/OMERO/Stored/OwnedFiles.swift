#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// Small files that belong to one user: read within a limit, replaced as a whole, closed to others.
///
/// Every error is of kind ``GatewayError/Kind/badConfiguration`` and names what it is about with the `name` given here,
/// which is the path where the path holds no secret.
enum OwnedFiles {
    /// What is in a file; nil if there is none.
    ///
    /// - Parameter limit: the bytes from which on the file is none of ours.
    static func read(_ path: String, limit: Int, name: String) throws(GatewayError) -> [UInt8]? {
        // Not blocking, as a pipe in the file's place would keep the caller for ever.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("opening", name, errno)
        }
        defer { close(file) }
        var info = stat()
        guard fstat(file, &info) == 0 else { throw failure("opening", name, errno) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw failure("\(name) is no regular file", "Move away what stands in its place")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = chunk.withUnsafeMutableBytes { systemRead(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("reading", name, errno) }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
            guard bytes.count <= limit else {
                throw failure("\(name) is larger than \(limit) bytes", "It is no file of this kind: move it away")
            }
        }
    }

    /// The same as text.
    static func readText(_ path: String, limit: Int, name: String) throws(GatewayError) -> String? {
        guard let bytes = try read(path, limit: limit, name: name) else { return nil }
        guard let text = String(validating: bytes, as: UTF8.self), !text.utf8.contains(0) else {
            throw failure("\(name) is no text in UTF-8", "It is damaged, or no file of this kind: move it away")
        }
        return text
    }

    /// Writes a file so that a reader finds all of the old content or all of the new.
    ///
    /// - Parameter synced: whether it is on the disk before this returns, and so outlives a loss of power.
    static func replace(_ path: String, with text: String, name: String, synced: Bool) throws(GatewayError) {
        let bytes = Array(text.utf8)
        // With a dot in front, as those who list sessions pass over such names.
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
        let fresh = "\(folder).new.\(getpid()).\(UInt64.random(in: .min ... .max))"
        let file = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("writing", name, errno) }
        var written = 0
        var code: Int32 = 0
        while written < bytes.count, code == 0 {
            let count = bytes.withUnsafeBytes {
                write(file, $0.baseAddress?.advanced(by: written), bytes.count - written)
            }
            if count > 0 { written += count } else if errno != EINTR { code = errno }
        }
        if code == 0, synced, fsync(file) != 0 { code = errno }
        // Some file systems notice only here that the disk is full.
        if close(file) != 0, code == 0 { code = errno }
        if code == 0, rename(fresh, path) != 0 { code = errno }
        if code != 0 {
            unlink(fresh)
            throw failure("writing", name, code)
        }
    }

    /// - Returns: whether it was there.
    @discardableResult
    static func remove(_ path: String, name: String) throws(GatewayError) -> Bool {
        if unlink(path) == 0 { return true }
        guard errno == ENOENT else { throw failure("removing", name, errno) }
        return false
    }

    static func exists(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0
    }

    // MARK: Folders

    /// Whether a folder is at this path, or a link leads from it to one.
    static func isFolder(_ path: String) -> Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a folder and those above it that are missing, and closes it to others.
    static func makeFolder(_ path: String) throws(GatewayError) {
        var info = stat()
        if stat(path, &info) != 0 {
            guard errno == ENOENT else { throw failure("opening", path, errno) }
            let end = path.lastIndex(of: "/") ?? path.startIndex
            let above = String(path[..<end])
            if !above.isEmpty, !exists(above) { try makeFolder(above) }
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("making the folder", path, errno) }
            guard stat(path, &info) == 0 else { throw failure("opening", path, errno) }
        }
        guard info.st_mode & S_IFMT == S_IFDIR else {
            throw failure("\(path) is no folder", "Move away what stands in its place")
        }
        guard info.st_mode & 0o077 != 0 else { return }
        guard chmod(path, 0o700) == 0 else {
            throw failure("closing it to others", path, errno)
        }
    }

    /// The names in a folder in order, without those of the folder itself; nil if there is no folder.
    static func names(in path: String) throws(GatewayError) -> [String]? {
        guard let folder = opendir(path) else {
            if errno == ENOENT { return nil }
            throw failure("opening", path, errno)
        }
        defer { closedir(folder) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(folder) else {
                guard errno == 0 else { throw failure("reading", path, errno) }
                return names.sorted()
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
    }

    /// Does something while no other thread or process that asks for the same lock does.
    ///
    /// - Parameter path: a file for the lock alone, which stays.
    static func locked<Value: Sendable>(
        _ path: String,
        _ body: () throws(GatewayError) -> Value
    ) throws(GatewayError) -> Value {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard file >= 0 else { throw failure("opening", path, errno) }
        defer { close(file) }
        // Whoever has the lock writes a few lines and lets go. Nobody waits longer than this: 500 times 10 ms.
        var attempts = 0
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            guard code == EINTR || code == EWOULDBLOCK else { throw failure("locking", path, code) }
            attempts += 1
            guard attempts <= 500 else {
                throw failure(
                    "\(path) has been locked for 5 seconds",
                    "Another program writes there, or hangs: wait for it, or end it")
            }
            usleep(10_000)
        }
        return try body()
    }

    // MARK: Errors

    static func failure(_ message: String, _ advice: String) -> GatewayError {
        GatewayError(.badConfiguration, message, advice: advice, phase: .configuration)
    }

    static func failure(_ operation: String, _ name: String, _ code: Int32) -> GatewayError {
        let advice =
            switch code {
            case EACCES, EPERM: "Look at who owns it and at its permissions"
            case ENOSPC, EDQUOT: "The disk is full: make room on it"
            case EROFS: "The disk can't be written to: choose another folder"
            case ELOOP: "A symbolic link leads back to itself: remove it"
            case ENOTDIR, EISDIR:
                "A file stands where a folder should be, or a folder where a file should: move it away"
            case ENAMETOOLONG: "The name is longer than a file's may be"
            case EMFILE, ENFILE: "Too many files are open: close some"
            default: "Look at the file and its disk"
            }
        let reason = String(cString: strerror(code))
        return failure("\(name): \(operation) failed: \(reason)", advice)
    }
}

/// `read`, by another name than the function above.
private func systemRead(_ file: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(file, buffer, count)
}
