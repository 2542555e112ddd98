extension Table {
    /// What makes the table and its indexes.
    ///
    /// Foreign keys are looked at when the transaction ends, as OMERO's are (OMERO5.4 schema, constraints: all
    /// deferred).
    func statements(in dialect: any SQLDialect) -> [String] {
        var lines = columns.map { $0.definition(in: name, dialect) }
        lines.append("PRIMARY KEY (\(Self.list(primaryKey)))")
        lines += uniques.map { "UNIQUE (\(Self.list($0)))" }
        if !dialect.needsTargetsFirst { lines += foreignKeys }
        var statements = ["CREATE TABLE \(name.quoted) (\(lines.joined(separator: ", ")))\(dialect.tableOptions)"]
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

    /// What adds the foreign keys of a table that was made without them.
    var referenceStatements: [String] { foreignKeys.map { "ALTER TABLE \(name.quoted) ADD \($0)" } }

    private var foreignKeys: [String] {
        columns.compactMap { column in
            column.reference.map {
                "FOREIGN KEY (\(column.name.quoted)) REFERENCES \($0.quoted) DEFERRABLE INITIALLY DEFERRED"
            }
        }
    }

    private static func list(_ columns: [String]) -> String { columns.map(\.quoted).joined(separator: ", ") }
}

extension Table.Column {
    // The name of a check is what SQLite tells when it fails.
    fileprivate func definition(in table: String, _ dialect: any SQLDialect) -> String {
        var text = "\(name.quoted) \(dialect.type(self))"
        if isRequired { text += " NOT NULL" }
        if let defaultValue { text += " DEFAULT \(dialect.literal(defaultValue, self))" }
        if let check = dialect.check(self) { text += " CONSTRAINT \("\(table).\(name)".quoted) CHECK (\(check))" }
        return text
    }
}

extension DataModel {
    /// What makes an empty database.
    static func statements(in dialect: any SQLDialect) -> [String] {
        let tables = tables + Table.outsideModel
        var statements = dialect.sequences(Set(entities.map(\.sequence)).sorted())
        statements += tables.flatMap { $0.statements(in: dialect) }
        if dialect.needsTargetsFirst { statements += tables.flatMap(\.referenceStatements) }
        return statements + viewStatements + ["CREATE INDEX i_session_open ON session (id) WHERE closed IS NULL"]
    }

    /// The views behind the counts of links per owner: `<type>_id`, `owner_id` and `count`.
    private static var viewStatements: [String] {
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
