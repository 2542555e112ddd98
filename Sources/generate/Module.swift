/// The modules that are generated, and which types go where.
enum Module: String, CaseIterable {
    case model = "OMEROModel"
    case api = "OMEROAPI"
    /// Only tables of the data model.
    case store = "OMEROStore"
    /// Only what can be loaded along with an object.
    case gateway = "OMERO"

    /// The module of a type; what is not OMERO's own goes where it is needed.
    init(holding id: String) { self = Self.isModel(id) ? .model : .api }

    func holds(_ id: String) -> Bool { Module(holding: id) == self }

    private static func isModel(_ id: String) -> Bool {
        // Objects refer to the event context, so the module of `omero.sys` is with them.
        guard id.hasPrefix("::omero::") else { return false }
        let rest = id.dropFirst(9)
        return rest.hasPrefix("model::") || rest.hasPrefix("sys::") || !rest.contains("::")
    }
}
