/// How names of OMERO become names of Swift: the only place that decides it.
struct Names {
    let schema: Schema

    /// `::omero::model::Project` is `Project`.
    func type(_ id: String) -> String { schema.patches.names[id] ?? Self.last(id) }

    /// `::omero::api::IAdmin` is `IAdminPrx`.
    func proxy(_ id: String) -> String { type(id) + "Prx" }
    func servant(_ id: String) -> String { type(id) + "Servant" }
    /// What handles of a class and of those derived from it have in common.
    func classProtocol(_ id: String) -> String { type(id) + "Protocol" }

    /// `_name` is `name`, `_datasetLinksSeq` is `datasetLinks`.
    func property(_ owner: String, _ field: String) -> String {
        if let name = schema.patches.names["\(owner).\(field)"] { return name }
        var name = Substring(field)
        if name.hasPrefix("_") { name = name.dropFirst() }
        if field.hasPrefix("_"), name.hasSuffix("Seq") { name = name.dropLast(3) }
        return Self.lowerFirst(String(name))
    }

    /// `datasetLinks` has `isDatasetLinksLoaded`.
    func loadedProperty(_ collection: String) -> String { "is" + Self.upperFirst(collection) + "Loaded" }

    func parameter(_ operation: String, _ name: String) -> String {
        schema.patches.names["\(operation)(\(name))"] ?? String(name.drop { $0 == "_" })
    }

    /// `MICROMETER` is `micrometer`, `Trace` is `trace`.
    func enumerator(_ owner: String, _ name: String) -> String {
        if let patched = schema.patches.names["\(owner).\(name)"] { return patched }
        let isUpper = name == name.uppercased()
        return isUpper ? name.lowercased() : Self.lowerFirst(name)
    }

    static func last(_ id: String) -> String { id.split(separator: ":").last.map(String.init) ?? id }
    static func lowerFirst(_ name: String) -> String { name.prefix(1).lowercased() + name.dropFirst() }
    static func upperFirst(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

    /// The name as Swift takes it where a declaration or an expression stands.
    static func quoted(_ name: String) -> String { keywords.contains(name) ? "`\(name)`" : name }

    private static let keywords: Set<String> = [
        "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "init", "inout",
        "internal", "let", "open", "operator", "precedencegroup", "private", "protocol", "public", "rethrows", "static",
        "struct", "subscript", "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do",
        "else", "fallthrough", "for", "guard", "if", "in", "repeat", "return", "switch", "throw", "where", "while",
        "as", "false", "is", "nil", "self", "Self", "super", "throws", "true", "try", "Any", "Type", "Protocol",
    ]
}
