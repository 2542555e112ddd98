#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glacier2
import Ice
import IceEncoding
import Logging
import OMEROAPI
import OMEROStore

extension OMEROServer {
    /// Opens database and doors. The server accepts connections when this returns, and answers them once ``run()``
    /// runs.
    ///
    /// - Throws: ``ServerError`` for a data folder in use or out of reach, `StoreError`, `IceError` for ports in use.
    public static func start(_ configuration: ServerConfiguration) async throws -> OMEROServer {
        let configuration = try configuration.resolvingProperties()
        let folder = try configuration.dataFolder.map(DataFolder.init)
        do {
            return try await start(configuration, folder)
        } catch {
            folder?.unlock()
            throw error
        }
    }

    private static func start(_ configuration: ServerConfiguration, _ folder: DataFolder?) async throws -> OMEROServer {
        // A file without rows is what a first start leaves that was killed: whether the database is new, only the
        // store can say.
        let generated = configuration.rootPassword == nil ? randomPassword() : nil
        var setup = StoreSetup()
        setup.rootPassword = configuration.rootPassword ?? generated
        setup.passwordCost = configuration.passwordCost
        let store = try await Store.open(folder.map { .file($0.databasePath) } ?? .inMemory, setup: setup)
        if configuration.sampleData { try await SampleData.install(in: store) }
        let certificate = try certificate(configuration, folder)

        var ice = CommunicatorConfiguration()
        ice.types = omeroTypes
        // As OMERO's own servers and clients have it (`Ice.MessageSizeMax`).
        ice.messageSizeMax = 250_000 * 1024
        ice.logger = configuration.logger
        let communicator = Communicator(ice)
        let backend = try communicator.createObjectAdapter("BlitzAdapters")
        // Of a run that a crash ended nobody said that it did.
        let node = try await store.write { transaction in
            for old in try transaction.nodes() where old.id != 0 && old.down == nil {
                try transaction.markNodeDown(id: old.id)
            }
            return try transaction.insertNode(
                uuid: UUID().uuidString.lowercased(),
                connection: "OMERO.Glacier2/router -h \(configuration.doors.host)"
            )
        }
        let properties = Properties(configured: configuration.properties, version: omeroVersion)
        let core = ServerCore(
            configuration: configuration,
            store: store,
            properties: properties,
            backend: backend,
            nodeID: node.id,
            files: BinaryFiles(folder: folder?.path)
        )
        try await core.restoreSessions()

        var routing = RouterConfiguration()
        routing.sessionTimeout = configuration.routerTimeout
        let router = RouterServant(manager: LoginManager(core: core), backend: backend, configuration: routing)
        let doors = try await Doors.open(configuration, certificate, router, communicator)
        if configuration.properties["omero.router.insecure"] == nil {
            // Clients that want no encryption are sent there after log-in; `@omero.host@` is the host they know.
            properties.set(
                "omero.router.insecure",
                doors.tcp.map { "OMERO.Glacier2/router:tcp -p \($0.port) -h @omero.host@" } ?? ""
            )
        }
        return OMEROServer(
            configuration: configuration,
            core: core,
            router: router,
            communicator: communicator,
            doors: doors,
            folder: folder,
            fingerprint: certificate.fingerprint,
            generatedRootPassword: store.isNew ? generated : nil
        )
    }

    /// 20 letters and digits, about 119 bits.
    private static func randomPassword() -> String {
        let alphabet = Array("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789")
        var generator = SystemRandomNumberGenerator()
        return String((0..<20).compactMap { _ in alphabet.randomElement(using: &generator) })
    }

    private static func certificate(
        _ configuration: ServerConfiguration,
        _ folder: DataFolder?
    ) throws -> ServerCertificate {
        switch configuration.certificate {
        case .files(let certificate, let key):
            return try ServerCertificate(
                certificatePEM: DataFolder.text(of: certificate),
                privateKeyPEM: DataFolder.text(of: key)
            )
        case .selfSigned:
            if let folder, let kept = try folder.certificate() { return kept }
            let made = try ServerCertificate.selfSigned(host: configuration.doors.host, now: Date())
            try folder?.keep(made)
            return made
        }
    }
}

/// Why a server does not start.
public struct ServerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of reason it is.
    public enum Reason: Sendable, Hashable {
        /// Another server has the data folder.
        case dataFolderInUse
        /// A file or folder cannot be read or written.
        case file
        /// No door is open.
        case noDoor
        /// A configuration value is not what its key takes.
        case setting
    }
    /// For programs.
    public let reason: Reason
    public let description: String

    init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }
}
