extension Table {
    /// What makes the table and its indexes.
    ///
    /// Tables are strict: SQLite stores nothing that is not of the column's type. Foreign keys are looked at when the
    /// transaction ends, as OMERO's are (OMERO5.4 schema, constraints: all deferred).
    var statements: [String] {
        var lines = columns.map { $0.definition(in: name) }
        lines.append("PRIMARY KEY (\(Self.list(primaryKey)))")
        lines += uniques.map { "UNIQUE (\(Self.list($0)))" }
        for column in columns {
            guard let table = column.reference else { continue }
            lines.append(
                "FOREIGN KEY (\(column.name.quoted)) REFERENCES \(table.quoted) DEFERRABLE INITIALLY DEFERRED"
            )
        }
        var statements = ["CREATE TABLE \(name.quoted) (\(lines.joined(separator: ", "))) STRICT"]
        for column in indexes {
            statements.append("CREATE INDEX \("i_\(name)_\(column)".quoted) ON \(name.quoted) (\(column.quoted))")
        }
        for unique in partialUniques {
            let index = "u_\(name)_\(unique.columns.joined(separator: "_"))".quoted
            statements.append(
                "CREATE UNIQUE INDEX \(index) ON \(name.quoted) (\(Self.list(unique.columns))) WHERE \(unique.condition)"
            )
        }
        return statements
    }

    private static func list(_ columns: [String]) -> String { columns.map(\.quoted).joined(separator: ", ") }
}

extension Table.Column {
    // The name of a check is what SQLite tells when it fails.
    fileprivate func definition(in table: String) -> String {
        var text = "\(name.quoted) \(storage.rawValue)"
        if isRequired { text += " NOT NULL" }
        if let defaultValue { text += " DEFAULT \(defaultValue)" }
        if let check { text += " CONSTRAINT \("\(table).\(name)".quoted) CHECK (\(check))" }
        return text
    }
}

extension DataModel {
    /// The views behind the counts of links per owner: `<type>_id`, `owner_id` and `count`.
    static var viewStatements: [String] {
        entities.flatMap { entity in
            entity.properties.compactMap { property -> String? in
                guard case .collection(let type, let inverse, _, _, let view?) = property.content,
                    let links = DataModel.entity(type)
                else { return nil }
                let key = inverse.lowercased().quoted
                return """
                    CREATE VIEW \(view.quoted) AS SELECT \(key) AS \("\(entity.name.lowercased())_id".quoted), \
                    owner_id, count(*) AS count FROM \(links.table.quoted) GROUP BY 1, 2
                    """
            }
        }
    }
}
