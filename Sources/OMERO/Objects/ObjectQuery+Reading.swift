import IceEncoding
import OMEROAPI
import OMEROModel

extension ObjectQuery {
    /// The HQL of one page, and its parameters.
    func hql(
        selecting selection: String = "obj",
        afterID: Int64? = nil,
        isPage: Bool = true
    ) -> (text: String, parameters: [String: RValue?]) {
        var text = "select \(selection) from \(className) obj"
        if isPage {
            // Who made it, for whom, when: what every object is shown with.
            for path in ["details.owner", "details.group", "details.creationEvent"]
            where !["Experimenter", "ExperimenterGroup"].contains(className) {
                text += " left outer join fetch obj.\(path)"
            }
            for (index, path) in joins.enumerated() { text += Self.fetch(path, number: index) }
        }
        var parameters: [String: RValue?] = [:]
        var conditions = clauses
        if usesOwnerOfContext, let owner = context.callContext.owner {
            conditions.append(
                Clause(text: "obj.details.owner.id = :contextOwner", parameters: ["contextOwner": .long(owner)]))
        }
        if let ids {
            conditions.append(Clause(text: "obj.id in (:ids)", parameters: ["ids": .list(ids.map { .long($0) })]))
        }
        if let afterID { conditions.append(Clause(text: "obj.id > :afterID", parameters: ["afterID": .long(afterID)])) }
        if !conditions.isEmpty {
            text += " where " + conditions.map(\.text).joined(separator: " and ")
            for clause in conditions { parameters.merge(clause.parameters) { $1 } }
        }
        if isPage {
            switch order {
            case .id: text += " order by obj.id"
            case .name:
                text += " order by lower(obj.\(nameProperty)), obj.id"
            case .property(let property, let descending):
                text += " order by obj.\(property)\(descending ? " desc" : ""), obj.id"
            }
        }
        return (text, parameters)
    }

    /// `datasetLinks.parent` is two joins. `details` are no object of their own: `details.owner` is one.
    private static func fetch(_ path: String, number: Int) -> String {
        var text = ""
        var from = "obj"
        for (index, part) in path.split(separator: ".").enumerated() {
            guard part != "details" else {
                from += ".details"
                continue
            }
            let alias = "f\(number)_\(index)"
            text += " left outer join fetch \(from).\(part) as \(alias)"
            from = alias
        }
        return text
    }

    // MARK: Reading

    /// One page, beginning behind `offset` objects or behind an object's number.
    func page(afterID: Int64?, offset: Int, count: Int) async throws -> [Object] {
        if let fault { throw fault }
        let (text, values) = hql(afterID: afterID)
        return try await context.query(text, values, limit: count, offset: offset, as: Object.self)
    }

    /// How many there are, whatever limit was set.
    ///
    /// - Throws: ``GatewayError``.
    public func count() async throws -> Int {
        if let fault { throw fault }
        let (text, values) = hql(selecting: "count(distinct obj.id)", isPage: false)
        let rows = try await context.rows(text, values, as: Int64.self)
        return Int(rows.first ?? 0)
    }

    /// All of them at once; mind how many that may be.
    ///
    /// - Throws: ``GatewayError``.
    public func all() async throws -> [Object] {
        var result: [Object] = []
        for try await object in self { result.append(object) }
        return result
    }

    /// The first one, or nil.
    ///
    /// - Throws: ``GatewayError``.
    public func first() async throws -> Object? {
        for try await object in limited(to: 1) { return object }
        return nil
    }
}

extension ObjectQuery: AsyncSequence {
    public typealias Element = Object

    public struct AsyncIterator: AsyncIteratorProtocol {
        private let query: ObjectQuery
        private var page: [Object] = []
        private var next_ = 0
        private var isLast = false
        private var lastID: Int64?
        private var offset: Int
        private var left: Int
        /// With an order by ids that were given, all is read at first.
        private var isStarted = false

        init(_ query: ObjectQuery) {
            self.query = query
            offset = query.skipped
            left = query.maximum ?? .max
        }

        public mutating func next() async throws -> Object? {
            while next_ >= page.count {
                guard !isLast, left > 0 else { return nil }
                if let ids = query.ids { try await readAll(ids) } else { try await read() }
            }
            guard left > 0 else { return nil }
            left -= 1
            next_ += 1
            return page[next_ - 1]
        }

        private mutating func read() async throws {
            let count = Swift.min(query.pageSize, left)
            // By number, later pages begin behind the last one; the first may skip some.
            let byNumber = query.order == .id && isStarted
            page = try await query.page(
                afterID: byNumber ? lastID : nil, offset: byNumber ? 0 : offset, count: count)
            next_ = 0
            isStarted = true
            isLast = page.count < count
            offset += page.count
            lastID = page.last?.id
        }

        private mutating func readAll(_ ids: [Int64]) async throws {
            if let fault = query.fault { throw fault }
            isLast = true
            var byID: [Int64: Object] = [:]
            var rest = Array(Set(ids))
            while !rest.isEmpty {
                // Databases take a limited number of values in one question.
                let some = Array(rest.prefix(500))
                rest.removeFirst(some.count)
                let (text, values) = query.ids(some).hql()
                for object in try await query.context.query(text, values, as: Object.self) {
                    if let id = object.id { byID[id] = object }
                }
            }
            page = ids.compactMap { byID[$0] }.dropFirst(query.skipped).map(\.self)
            next_ = 0
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }
}
