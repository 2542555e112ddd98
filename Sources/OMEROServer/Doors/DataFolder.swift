import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The private folder of a server (0700, files 0600), which one server has at a time.
final class DataFolder: Sendable {
    let path: String
    private let lock: Mutex<Int32?>

    var databasePath: String { path + "/omero.sqlite" }

    /// Makes the folder if there is none, and takes it.
    ///
    /// - Throws: ``ServerError``.
    init(_ path: String) throws {
        self.path = path
        try Self.makeFolder(path)
        let descriptor = open(path + "/lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ServerError(.file, "the data folder \(path) cannot be written: \(String(cString: strerror(errno)))")
        }
        // Released by the system when the process ends, however it ends.
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            _ = Self.closeFile(descriptor)
            throw ServerError(.dataFolderInUse, "another server is running on the data folder \(path)")
        }
        lock = Mutex(descriptor)
    }

    /// Makes the folder and those above it, as far as they are missing; who may enter is the owner alone.
    private static func makeFolder(_ path: String) throws {
        var failure: Int32?
        func make(_ folder: String) {
            if mkdir(folder, 0o700) != 0, errno != EEXIST { failure = failure ?? errno }
        }
        for end in path.indices where path[end] == "/" && end > path.startIndex { make(String(path[..<end])) }
        make(path)
        guard let failure else { return }
        throw ServerError(.file, "the data folder \(path) cannot be made: \(String(cString: strerror(failure)))")
    }

    deinit { unlock() }

    func unlock() {
        lock.withLock { descriptor in
            if let descriptor { _ = Self.closeFile(descriptor) }
            descriptor = nil
        }
    }

    private static func closeFile(_ descriptor: Int32) -> Int32 { close(descriptor) }

    // MARK: Key and certificate

    private var certificatePath: String { path + "/server.pem" }
    private var keyPath: String { path + "/server.key" }

    /// The certificate that an earlier start made.
    func certificate() throws -> ServerCertificate? {
        guard FileManager.default.fileExists(atPath: certificatePath), FileManager.default.fileExists(atPath: keyPath)
        else { return nil }
        return try ServerCertificate(
            certificatePEM: Self.text(of: certificatePath),
            privateKeyPEM: Self.text(of: keyPath)
        )
    }

    func keep(_ certificate: ServerCertificate) throws {
        for (file, text) in [(keyPath, certificate.privateKeyPEM), (certificatePath, certificate.certificatePEM)] {
            // Under another name until it is whole: whoever is killed meanwhile leaves no half of a key behind.
            let draft = file + ".new"
            let isWritten = FileManager.default.createFile(
                atPath: draft,
                contents: Data(text.utf8),
                attributes: [.posixPermissions: 0o600]
            )
            guard isWritten, rename(draft, file) == 0 else { throw ServerError(.file, "\(file) cannot be written") }
        }
    }

    static func text(of file: String) throws -> String {
        do {
            return try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ServerError(.file, "\(file) cannot be read: \(systemReason(of: error))")
        }
    }
}
