/// The sentences that stand before generated members: the name on the wire, which HQL and other clients use, and what
/// the data model knows of the value.
struct MemberNotes {
    /// By the wire field, such as `::omero::model::Project._name`.
    private var properties: [String: DataModelDocument.Property] = [:]

    init(_ schema: Schema) {
        for type in schema.dataModel.flatMap(\.types) {
            for property in type.properties ?? [] {
                for field in property.wire ?? [] { properties["::omero::model::\(type.name).\(field)"] = property }
            }
        }
    }

    /// Of a value or a reference of the model.
    func value(_ id: String, _ field: String, isRequired: Bool) -> String {
        if field == "_version" {
            return "`_version`: the server counts changes with it, and refuses what is saved with an old one."
        }
        return "`\(field)`" + (isRequired ? "; every saved object has it." : "; nil where there is none.")
            + bounds("\(id).\(field)")
    }

    /// Of a member as a draft has it.
    func draft(_ id: String, _ field: String) -> String { "`\(field)`, to be saved." + bounds("\(id).\(field)") }

    func collection(_ id: String, _ field: String, of element: String) -> String {
        let order = properties["\(id).\(field)"]?.indexColumn == nil ? "" : ", in their order"
        return "`\(field)`: each `\(element)`\(order), where they were fetched with the object."
    }

    func draftCollection(_ field: String) -> String { "`\(field)`; it counts as loaded once it is set." }
    func draftLoaded(_ field: String) -> String { "`\(field)`: the server leaves alone what is not loaded." }
    func counts(_ field: String) -> String { "`\(field)`: how many there are, by the owner's id." }

    /// Of a member of anything else.
    func plain(_ field: String) -> String {
        if field.hasSuffix("CountPerOwner") { return counts(field) }
        return "`\(field)` in OMERO's interface."
    }

    /// Of a member of an exception; OMERO's have these in common.
    func exception(_ field: String) -> String {
        switch field {
        case "message", "reason": "What happened, in the server's words."
        case "serverStackTrace": "Where in the server it happened, for its developers."
        case "serverExceptionClass": "The class of the exception inside the server."
        case "backOff": "How long to wait before the next attempt, in milliseconds."
        default: plain(field)
        }
    }

    private func bounds(_ key: String) -> String {
        guard let property = properties[key] else { return "" }
        let range: String? =
            switch (property.type, property.domain) {
            case (_, "positive_float"?): "Above 0."
            case (_, "nonnegative_float"?), ("NonNegativeInteger", _): "0 or more."
            case ("PositiveInteger", _): "1 or more."
            case ("PercentFraction", _): "From 0 to 1."
            case ("string", _): "At most \(property.length ?? 255) characters."
            default: nil
            }
        let unique = property.unique == true ? "No two objects have the same." : nil
        let fixed = property.mutable == false ? "It stays as it was first saved." : nil
        return [range, unique, fixed].compactMap(\.self).map { " " + $0 }.joined()
    }
}
