/// A table of a statement: a type's, or that of a property of names and values.
final class Source {
    enum Content {
        case entity(Entity)
        /// Links, of which only their counts are wanted.
        case counts(LinkCounts, of: Entity)
        case map(MapTable)
    }

    let content: Content
    /// In the statement.
    let alias: String
    /// In the query; nil where that gives none.
    let name: String?
    /// Its place in the collection that led here.
    let indexColumn: String?
    /// Where `join fetch` led here: from what, and by which properties.
    let fetched: (from: Source, steps: [String])?
    /// The table that has the id of the row here: each row of it comes with one of this at most.
    let holder: Source?
    /// Nil of the first table, whose conditions are the statement's.
    let join: Join?

    struct Join {
        let isLeft: Bool
        var condition: SQLText
    }

    init(
        _ content: Content,
        alias: String,
        name: String?,
        indexColumn: String? = nil,
        fetched: (from: Source, steps: [String])? = nil,
        holder: Source? = nil,
        join: Join? = nil
    ) {
        self.content = content
        self.alias = alias
        self.name = name
        self.indexColumn = indexColumn
        self.fetched = fetched
        self.holder = holder
        self.join = join
    }

    var entity: Entity? {
        switch content {
        case .entity(let entity), .counts(_, let entity): entity
        case .map: nil
        }
    }

    var table: String {
        switch content {
        case .entity(let entity): entity.root.table
        case .counts(let counts, _): counts.table
        case .map(let map): map.table
        }
    }

    /// As a part of `FROM`.
    var clause: SQLText {
        let table = SQLText("\(table.quoted) \(alias)")
        guard let join else { return table }
        return SQLText(join.isLeft ? " LEFT JOIN " : " JOIN ") + table + SQLText(" ON ") + join.condition
    }

    /// The root of what was fetched, and all properties on the way from there.
    var fetchPath: (root: Source, path: FetchPath)? {
        guard let fetched else { return nil }
        let before = fetched.from.fetchPath
        return (before?.root ?? fetched.from, FetchPath((before?.path.steps ?? []) + fetched.steps))
    }
}

extension Source {
    /// A column of the type or of one that it shares a hierarchy with; `owner` is the type whose table has it.
    func column(_ name: String, of owner: Entity) -> SQLText {
        guard let entity, owner.table != entity.root.table, case .joined(let key) = owner.storage else {
            return SQLText("\(alias).\(name.quoted)")
        }
        return SQLText(
            "(SELECT x.\(name.quoted) FROM \(owner.table.quoted) x WHERE x.\(key.quoted) = \(alias).id)")
    }

    /// What makes a row of the hierarchy's table one of this type; nil where all rows are.
    var typeCondition: SQLText? {
        guard let entity else { return nil }
        switch entity.storage {
        case .plain: return nil
        case .single:
            guard entity.base != nil else { return nil }
            let values = entity.family.compactMap { type -> String? in
                guard case .single(let value) = type.storage else { return nil }
                return value
            }
            let places = Array(repeating: "?", count: values.count).joined(separator: ", ")
            return SQLText("\(alias).discriminator IN (\(places))", values.map(SQLValue.text))
        case .joined(let key):
            guard entity.base != nil else { return nil }
            return SQLText(
                "EXISTS (SELECT 1 FROM \(entity.table.quoted) x WHERE x.\(key.quoted) = \(alias).id)")
        }
    }

    /// The name of each row's class, as `obj.class` and OMERO's event log have it.
    var className: SQLText? {
        guard let entity else { return nil }
        let types = entity.family.filter { !$0.isAbstract }.sorted { $0.lineage.count > $1.lineage.count }
        switch entity.storage {
        case .plain: return SQLText("CASE WHEN \(alias).id IS NOT NULL THEN ? END", [.text(entity.logName)])
        case .single:
            let branches = types.compactMap { type -> SQLText? in
                guard case .single(let value?) = type.storage else { return nil }
                return SQLText("WHEN ? THEN ?", [.text(value), .text(type.logName)])
            }
            guard !branches.isEmpty else { return nil }
            return SQLText("CASE \(alias).discriminator ") + .joined(branches, " ") + SQLText(" END")
        case .joined:
            let branches = types.compactMap { type -> SQLText? in
                guard case .joined(let key) = type.storage else { return nil }
                return SQLText(
                    "WHEN EXISTS (SELECT 1 FROM \(type.table.quoted) x WHERE x.\(key.quoted) = \(alias).id) THEN ?",
                    [.text(type.logName)])
            }
            guard !branches.isEmpty else { return nil }
            return SQLText("CASE ") + .joined(branches, " ") + SQLText(" END")
        }
    }
}
