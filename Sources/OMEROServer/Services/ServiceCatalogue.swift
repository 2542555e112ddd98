import Ice
import OMEROAPI

/// Which service stands behind which name.
enum ServiceCatalogue {
    /// The servant of a stateless service for a client. The name is one of ``ServiceNames``.
    static func servant(_ name: String, core: ServerCore, client: ClientSession) -> any Servant {
        func guarded<Service: StatelessService>(_ type: Service.Type) -> any Servant {
            ServiceGuard<Service>(core: core, client: client)
        }
        return switch name {
        case "omero.api.IAdmin": guarded(AdminService.self)
        case "omero.api.IConfig": guarded(ConfigService.self)
        case "omero.api.IContainer": guarded(ContainerService.self)
        case "omero.api.ILdap": guarded(LdapService.self)
        case "omero.api.IPixels": guarded(PixelsService.self)
        case "omero.api.IProjection": guarded(ProjectionService.self)
        case "omero.api.IQuery": guarded(QueryService.self)
        case "omero.api.ISession": guarded(SessionService.self)
        case "omero.api.IShare": guarded(ShareService.self)
        case "omero.api.ITimeline": guarded(TimelineService.self)
        case "omero.api.ITypes": guarded(TypesService.self)
        case "omero.api.IUpdate": guarded(UpdateService.self)
        case "omero.api.IRoi": guarded(RoiService.self)
        case "omero.api.IScript": guarded(ScriptService.self)
        case "omero.api.IRepositoryInfo": guarded(RepositoryInfoService.self)
        case "omero.api.IRenderingSettings": guarded(RenderingSettingsService.self)
        case "omero.api.IMetadata": guarded(MetadataService.self)
        default: guarded(SharedResourcesService.self)
        }
    }

    /// A new servant of a stateful service for a call's client. The name is one of ``ServiceNames``.
    ///
    /// - Throws: `InternalException` for those that need pixels, a search index or scripts: by name.
    static func create(_ name: String, for call: Call) throws -> Proxy {
        switch name {
        case "omero.api.RawFileStore": try call.core.create(RawFileStoreService.self, name, for: call)
        default: throw InternalException(unsupported: name)
        }
    }
}
