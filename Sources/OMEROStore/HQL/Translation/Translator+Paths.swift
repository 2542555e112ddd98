internal import OMEROModel

// What the names of a query lead to.
extension Translator {
    /// Follows a path. Tables on its way are joined: by an outer join only where the path itself is of one.
    func node(
        _ names: [String], _ context: QueryContext, at offset: Int, isLeft: Bool = false
    ) throws(QueryError) -> PathNode {
        var rest = names[...]
        var node: PathNode
        if let source = context.source(named: names[0]) {
            rest = rest.dropFirst()
            node = .source(source)
        } else if let value = context.values[names[0]] {
            rest = rest.dropFirst()
            node = value
        } else if let source = try holder(of: names[0], context, at: offset) {
            node = .source(source)
        } else if let entity = DataModel.queryEntity(names.joined(separator: ".")) {
            // The name of a class, to compare `class` with.
            return .value(QueryValue(SQLText(.text(entity.logName)), .string))
        } else if names.count == 1, let column = try column(names[0].lowercased(), context, at: offset) {
            return column
        } else if names.count == 1, let time = currentTime(names[0].lowercased()) {
            return .value(time)
        } else {
            throw .at(offset, .unknownName, "\(path(names)) is no alias, property or class")
        }
        for name in rest { node = try step(name, from: node, names, context, at: offset, isLeft: isLeft) }
        return node
    }

    /// What a property without an alias is of: the innermost query's tables first.
    private func holder(of name: String, _ context: QueryContext, at offset: Int) throws(QueryError) -> Source? {
        var current: QueryContext? = context
        while let inner = current {
            let known = inner.written.filter { source in
                guard let entity = source.entity, source.join == nil || inner.written.count == 1 else { return false }
                return name == "id" || name == "class" || name == "details" || entity.declaration(of: name) != nil
            }
            if known.count > 1 {
                throw .at(offset, .unknownName, "\(name.prefix(100)) is a property of several tables")
            }
            if let source = known.first { return source }
            current = inner.parent
        }
        return nil
    }

    /// What a name that is neither an alias nor a property stands for: Hibernate leaves it to the database, which knows
    /// the columns by lower case, and clients write `textvalue`, `well_index` and `owner_id`.
    private func column(
        _ name: String, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> PathNode? {
        for source in context.written {
            guard let entity = source.entity else { continue }
            if let detail = entity.root.detailsColumns.first(where: { $0.value == name }) {
                return try details(detail.key.rawValue, of: source, at: offset)
            }
            for owner in entity.lineage + entity.family.dropFirst() {
                for property in owner.properties where property.isMapped {
                    if property.column == name {
                        return try self.property(property.name, of: source, context, at: offset)
                    }
                    guard case .reference(_, _, let index) = property.content, index == name else { continue }
                    return .value(QueryValue(source.column(name, of: owner), .int))
                }
            }
        }
        return nil
    }

    private func step(
        _ name: String, from node: PathNode, _ names: [String], _ context: QueryContext, at offset: Int, isLeft: Bool
    ) throws(QueryError) -> PathNode {
        switch node {
        case .source(let source): return try property(name, of: source, context, at: offset)
        case .reference(let column, _, _, _) where name == "id": return .value(QueryValue(column, .long))
        case .reference:
            let source = try self.source(of: node, context, at: offset, isLeft: isLeft)
            return try property(name, of: source, context, at: offset)
        case .details(let source): return try details(name, of: source, at: offset)
        case .quantity(let value, let kind):
            switch name {
            case "value": return .value(QueryValue(value.sql, .double))
            case "unit", "symbol":
                if let unit = value.unit { return .value(QueryValue(unit, name == "unit" ? .unit(kind) : .string)) }
            default: break
            }
        case .value(let value) where value.type == .permissions && name == "perm1":
            return .value(QueryValue(value.sql, .long))
        case .collection(let holder, let property, _):
            guard name == "size" else {
                throw .at(offset, .unsupported, "\(path(names)) goes through a collection: join it and use its alias")
            }
            let count = try elements(of: holder, property, at: offset, selecting: { _ in "count(*)" })
            return .value(QueryValue(count, .int))
        case .value: break
        }
        throw .at(offset, .unknownName, "could not resolve \(name.prefix(100)) of \(path(names))")
    }

    private func property(
        _ name: String, of source: Source, _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> PathNode {
        guard let entity = source.entity else {
            switch name {
            case "name", "value": return .value(QueryValue(SQLText("\(source.alias).\(name)"), .string))
            case "index": return .value(QueryValue(SQLText("\(source.alias).\"index\""), .int))
            default: throw .at(offset, .unknownName, "a name and a value have no \(name.prefix(100))")
            }
        }
        switch name {
        case "id": return .value(QueryValue(SQLText("\(source.alias).id"), .long))
        case "details": return .details(source)
        case "class":
            guard let sql = source.className else { break }
            return .value(QueryValue(sql, .string))
        default: break
        }
        let (owner, property) = try declaration(of: name, entity, at: offset)
        guard let column = property.column else { return .collection(source, property, [name]) }
        let sql = source.column(column, of: owner)
        switch property.content {
        case .value(let type): return .value(QueryValue(masked(sql, property, source), QueryType(type)))
        case .quantity(let kind, _, let unitColumn):
            let unit = source.column(unitColumn, of: owner)
            return .quantity(QueryValue(sql, .quantity(kind), unit: unit), kind: kind)
        case .reference(let type, _, _):
            guard let target = DataModel.entity(type) else { throw .at(offset, .unknownName, type) }
            return .reference(sql, target, source, [name])
        case .collection, .map: return .collection(source, property, [name])
        }
    }

    private func declaration(
        of name: String, _ entity: Entity, at offset: Int
    ) throws(QueryError) -> (owner: Entity, property: Property) {
        if let found = entity.declaration(of: name) { return found }
        let below = entity.declarationsBelow(of: name)
        guard let first = below.first else {
            throw .at(offset, .unknownName, "could not resolve property: \(name.prefix(100)) of: \(entity.name)")
        }
        // Types that derive from one can have properties of one name in columns of their own, or of different types.
        guard below.allSatisfy({ $0.owner.table == first.owner.table && $0.property.content == first.property.content })
        else {
            throw .at(offset, .unsupported, "\(name) is a property of several types that derive from \(entity.name)")
        }
        return first
    }

    /// What a caller may not see isn't compared either: patterns would spell it letter by letter.
    private func masked(_ sql: SQLText, _ property: Property, _ source: Source) -> SQLText {
        guard let entity = source.entity,
            let (isShown, mask) = scope.mask(property.name, of: entity, source.alias, dialect)
        else { return sql }
        // Where an outer join found nothing, there is nothing to hide either.
        return SQLText("CASE WHEN \(source.alias).id IS NULL OR ") + isShown + SQLText(" THEN ") + sql
            + SQLText(" ELSE ") + mask + SQLText(" END")
    }

    private func details(_ name: String, of source: Source, at offset: Int) throws(QueryError) -> PathNode {
        guard let property = DetailsProperty(rawValue: name), let entity = source.entity,
            let column = entity.root.detailsColumns[property]
        else {
            throw .at(offset, .unknownName, "\(source.entity?.name ?? "") has no details.\(name.prefix(100))")
        }
        let sql = SQLText("\(source.alias).\(column.quoted)")
        guard let target = property.type.flatMap(DataModel.entity) else {
            return .value(QueryValue(sql, .permissions))
        }
        return .reference(sql, target, source, ["details", name])
    }

    /// The table of a referenced object: joined once per select, wherever it is reached by the same path.
    func source(
        of node: PathNode, _ context: QueryContext, at offset: Int, isLeft: Bool = false
    ) throws(QueryError) -> Source {
        guard case .reference(let column, let entity, let from, let steps) = node else {
            throw .at(offset, .unsupported, "an object is expected")
        }
        let key = "\(from.alias).\(steps.joined(separator: "."))\(isLeft ? " left" : "")"
        if let source = context.implicit(key) { return source }
        guard context.addsTables else {
            throw .at(offset, .unsupported, "'with' reaches no further than ids: join what it needs before")
        }
        let source = try add(.entity(entity), to: context, oneOf: from, isLeft: isLeft, at: offset) { alias, _ in
            SQLText("\(alias).id = ") + column
        }
        context.implicit[key] = source
        return source
    }

    /// The value of a path: an object is its id.
    func value(
        ofPath names: [String], _ context: QueryContext, at offset: Int
    ) throws(QueryError) -> QueryValue {
        switch try node(names, context, at: offset) {
        case .source(let source):
            guard let entity = source.entity else {
                throw .at(offset, .unsupported, "\(path(names)) is a name and a value: say which")
            }
            return QueryValue(SQLText("\(source.alias).id"), .entity(entity))
        case .reference(let column, let entity, _, _): return QueryValue(column, .entity(entity))
        case .value(let value): return value
        case .quantity(let value, _): return value
        case .details, .collection:
            throw .at(offset, .unsupported, "\(path(names)) is no value")
        }
    }
}
