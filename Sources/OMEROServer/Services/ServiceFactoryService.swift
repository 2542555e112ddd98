import Ice
import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROStore
import Synchronization

/// `omero.api.ServiceFactory`: the session as its client sees it.
struct ServiceFactoryService: ServiceFactoryServant, StatelessService {
    let call: Call
    init(_ call: Call) { self.call = call }

    static func requirement(_ operation: String) -> Requirement { .anyone }

    static func isBrief(_ operation: String) -> Bool {
        switch operation {
        case "submit", "getSecurityContexts", "setSecurityContext", "setSecurityPassword", "destroy": false
        default: true
        }
    }

    private var core: ServerCore { call.core }
    private var session: LiveSession { call.session }

    // MARK: Services

    func getByName(name: String, current: Current) async throws -> ServiceInterfacePrx? {
        // The name of a servant, as `activeServices` gives it, leads to that servant.
        let kind = session.state.withLock { $0.servants[name] }
        if let kind, kind != .handle { return ServiceInterfacePrx(proxy(name)) }
        return ServiceInterfacePrx(try stateless(name))
    }

    func createByName(name: String, current: Current) async throws -> StatefulServiceInterfacePrx? {
        StatefulServiceInterfacePrx(try stateful(name))
    }

    /// A new servant of a stateful service.
    private func stateful(_ name: String) throws -> Proxy {
        try checkGuest(name)
        guard ServiceNames.stateful.contains(name) else { throw unknown(name) }
        return try ServiceCatalogue.create(name, for: call)
    }

    /// The servant of a stateless service for this client, made when it is first asked for.
    private func stateless(_ name: String) throws -> Proxy {
        try checkGuest(name)
        guard ServiceNames.stateless.contains(name) || name == ServiceNames.sharedResources else { throw unknown(name) }
        let servantName = call.client.clientID + name
        let kind = LiveSession.ServantKind.stateless(client: call.client.clientID)
        return try core.addServant(named: servantName, kind, to: session) {
            ServiceCatalogue.servant(name, core: core, client: call.client)
        }
    }

    private func proxy(_ servantName: String) -> Proxy {
        core.backend.createProxy(Identity(name: servantName, category: session.uuid))
    }

    private func checkGuest(_ name: String) throws {
        if call.isGuest, !ServiceNames.open.contains(name) {
            throw SecurityViolation("Access denied to guest user: \(name)")
        }
    }

    private func unknown(_ name: String) -> ApiUsageException {
        ApiUsageException(
            "\(name) is an unknown service. Please check Constants.ice or the documentation for valid strings."
        )
    }

    private func service(_ name: String) throws -> Proxy { try stateless(ServiceNames.prefix + name) }

    func getAdminService(current: Current) async throws -> IAdminPrx? { IAdminPrx(try service("IAdmin")) }
    func getConfigService(current: Current) async throws -> IConfigPrx? { IConfigPrx(try service("IConfig")) }
    func getContainerService(current: Current) async throws -> IContainerPrx? {
        IContainerPrx(try service("IContainer"))
    }
    func getLdapService(current: Current) async throws -> ILdapPrx? { ILdapPrx(try service("ILdap")) }
    func getPixelsService(current: Current) async throws -> IPixelsPrx? { IPixelsPrx(try service("IPixels")) }
    func getProjectionService(current: Current) async throws -> IProjectionPrx? {
        IProjectionPrx(try service("IProjection"))
    }
    func getQueryService(current: Current) async throws -> IQueryPrx? { IQueryPrx(try service("IQuery")) }
    func getSessionService(current: Current) async throws -> ISessionPrx? { ISessionPrx(try service("ISession")) }
    func getShareService(current: Current) async throws -> ISharePrx? { ISharePrx(try service("IShare")) }
    func getTimelineService(current: Current) async throws -> ITimelinePrx? { ITimelinePrx(try service("ITimeline")) }
    func getTypesService(current: Current) async throws -> ITypesPrx? { ITypesPrx(try service("ITypes")) }
    func getUpdateService(current: Current) async throws -> IUpdatePrx? { IUpdatePrx(try service("IUpdate")) }
    func getRoiService(current: Current) async throws -> IRoiPrx? { IRoiPrx(try service("IRoi")) }
    func getScriptService(current: Current) async throws -> IScriptPrx? { IScriptPrx(try service("IScript")) }
    func getRepositoryInfoService(current: Current) async throws -> IRepositoryInfoPrx? {
        IRepositoryInfoPrx(try service("IRepositoryInfo"))
    }
    func getRenderingSettingsService(current: Current) async throws -> IRenderingSettingsPrx? {
        IRenderingSettingsPrx(try service("IRenderingSettings"))
    }
    func getMetadataService(current: Current) async throws -> IMetadataPrx? { IMetadataPrx(try service("IMetadata")) }
    func sharedResources(current: Current) async throws -> SharedResourcesPrx? {
        SharedResourcesPrx(try stateless(ServiceNames.sharedResources))
    }

    private func new(_ name: String) throws -> Proxy { try stateful(ServiceNames.prefix + name) }

    func createExporter(current: Current) async throws -> ExporterPrx? { ExporterPrx(try new("Exporter")) }
    func createJobHandle(current: Current) async throws -> JobHandlePrx? { JobHandlePrx(try new("JobHandle")) }
    func createRawFileStore(current: Current) async throws -> RawFileStorePrx? {
        RawFileStorePrx(try new("RawFileStore"))
    }
    func createRawPixelsStore(current: Current) async throws -> RawPixelsStorePrx? {
        RawPixelsStorePrx(try new("RawPixelsStore"))
    }
    func createRenderingEngine(current: Current) async throws -> RenderingEnginePrx? {
        RenderingEnginePrx(try new("RenderingEngine"))
    }
    func createSearchService(current: Current) async throws -> SearchPrx? { SearchPrx(try new("Search")) }
    func createThumbnailStore(current: Current) async throws -> ThumbnailStorePrx? {
        ThumbnailStorePrx(try new("ThumbnailStore"))
    }

    // MARK: The client

    func subscribe(topicName: String, prx: Proxy?, current: Current) async throws {
        guard topicName.hasPrefix("/public/") else {
            throw ApiUsageException("Currently only \"/public/\" topics allowed.")
        }
        // Nobody publishes to any topic here, so there is nothing to be remembered.
    }

    func setCallback(callback: ClientCallbackPrx?, current: Current) async throws {
        // Over the client's own connection: the address in the proxy is the router's.
        call.client.callback = callback.map {
            ClientCallbackPrx(current.connection.createProxy($0.proxy.identity))
        }
    }

    func closeOnDestroy(current: Current) async throws { call.client.closesOnDestroy = true }
    func detachOnDestroy(current: Current) async throws { call.client.closesOnDestroy = false }
    func destroy(current: Current) async throws { await call.client.destroy() }

    // MARK: The session

    func activeServices(current: Current) async throws -> [String] { session.servantNames }

    func keepAlive(proxy: ServiceInterfacePrx?, current: Current) async throws -> Bool {
        guard let proxy else { return false }
        return isAlive(proxy)
    }

    func keepAllAlive(proxies: [ServiceInterfacePrx?], current: Current) async throws -> Int64 {
        guard !proxies.isEmpty else { return -1 }
        var missing: Int64 = 0
        for (number, proxy) in proxies.enumerated() {
            if let proxy, !isAlive(proxy) { missing |= 1 << Int64(number % 32) }
        }
        return missing
    }

    private func isAlive(_ proxy: ServiceInterfacePrx) -> Bool {
        let identity = proxy.proxy.identity
        return identity.category == session.uuid && session.state.withLock { $0.servants[identity.name] != nil }
    }

    func setSecurityPassword(password: String, current: Current) async throws {
        guard
            try await core.store.checkPassword(
                password, ofUserNamed: session.owner.name, required: core.requiresPasswords
            ).isAccepted
        else {
            throw SecurityViolation("Bad password for \(session.owner.name)")
        }
        call.client.hasPassword = true
    }

    func getSecurityContexts(current: Current) async throws -> [IObject?] {
        let rights = session.rights
        let led = rights.leaderOf.ordered.filter { !rights.memberOf.contains($0) }
        return try await core.groups(rights.memberOf.ordered + led, for: call).map { IObject($0) }
    }

    func setSecurityContext(obj: IObject?, current: Current) async throws -> IObject? {
        guard let obj, let id = obj.id else { throw ApiUsageException("Security context must be managed!") }
        guard obj.object.isA(ExperimenterGroup.descriptor.typeID) else {
            throw ApiUsageException("Unknown security context:\(obj.typeID)")
        }
        try session.rights.authorizeSwitch(toGroup: id)
        guard let group = try await core.directory.group(id: id) else {
            throw ApiUsageException("No such group: \(id)")
        }
        // This call is one of the active ones.
        let previous = try session.state.withLock { state in
            guard state.activeCalls <= 1 else {
                throw SecurityViolation("\(state.activeCalls - 1) methods active. Aborting!")
            }
            let stateful = state.servants.filter { $0.value == .stateful }.map(\.key).sorted()
            guard stateful.isEmpty else {
                throw SecurityViolation(
                    "SecurityContext change cancelled:\n\(session.uuid) has active stateful services:\n"
                        + stateful.joined(separator: "\n")
                )
            }
            defer { state.group = group }
            return state.group.id
        }
        // What was answered holds after a crash too.
        try await core.keepNow(session)
        return IObject(ExperimenterGroup.unloaded(previous))
    }

    func submit(req: Request?, current: Current) async throws -> HandlePrx? {
        guard let req else { return nil }
        return try await core.submit(req, call)
    }
}
