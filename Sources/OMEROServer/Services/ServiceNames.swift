/// The names under which clients ask a session for its services (omero.constants).
enum ServiceNames {
    static let prefix = "omero.api."
    static let sharedResources = "omero.grid.SharedResources"

    /// One servant per client, made when it is first asked for.
    static let stateless = [
        "IAdmin", "IConfig", "IContainer", "ILdap", "IPixels", "IProjection", "IQuery", "ISession", "IShare",
        "ITimeline", "ITypes", "IUpdate", "IRoi", "IScript", "IRepositoryInfo", "IRenderingSettings", "IMetadata",
    ].map { prefix + $0 }

    /// A new servant each time.
    static let stateful = [
        "Exporter", "JobHandle", "RawFileStore", "RawPixelsStore", "RenderingEngine", "Search", "ThumbnailStore",
    ].map { prefix + $0 }

    /// What guests may ask for.
    static let open: Set = ["omero.api.IAdmin", "omero.api.IConfig", "omero.api.ISession"]
}
