/// The modules that are generated, and which types go where.
enum Module: String, CaseIterable {
    case model = "OMEROModel"
    case api = "OMEROAPI"

    func holds(_ id: String) -> Bool {
        guard id.hasPrefix("::omero::") else { return false }
        return Self.isModel(id) == (self == .model)
    }

    private static func isModel(_ id: String) -> Bool {
        // Objects refer to the event context, so the module of `omero.sys` is with them.
        id.hasPrefix("::omero::model::") || id.hasPrefix("::omero::sys::") || id.dropFirst(9).contains("::") == false
    }
}
