public import OMEROModel

// What is in an object, and what it is in: datasets and projects, wells, plates and screens, folders, tag sets. Asked in the
// object's own group, whoever owns what is found.
extension GatewayContext {
    /// What directly holds an object, of all kinds: an image's datasets, wells and folders.
    ///
    /// - Throws: ``GatewayError``.
    public func parents(of object: some IObjectProtocol) async throws -> [IObject] {
        let context = try await own(of: object)
        return try await context.parents(of: ModelFacts.name(of: object.object.descriptor), id: try object.requiredID)
    }

    /// What directly holds an object, of one kind: a dataset's projects.
    ///
    /// - Throws: ``GatewayError``.
    public func parents<Parent: IObjectProtocol>(
        of object: some IObjectProtocol, as type: Parent.Type
    ) async throws -> [Parent] {
        let context = try await own(of: object)
        let name = ModelFacts.name(of: type)
        let ways = ModelFacts.upwards(from: ModelFacts.name(of: object.object.descriptor)).filter { $0.parent == name }
        var found: [Parent] = []
        for way in ways {
            found += try await context.objects(type).ownedBy(nil).holding(try object.requiredID, by: way).all()
        }
        return found
    }

    /// All ways from an object up to what is in nothing else, each from the nearest to the topmost: of an image the
    /// dataset and the project, or the well, the plate and the screen. None if it is in nothing.
    ///
    /// - Throws: ``GatewayError``.
    public func ancestry(of object: some IObjectProtocol) async throws -> [[IObject]] {
        let context = try await own(of: object)
        return try await context.ancestry(
            of: ModelFacts.name(of: object.object.descriptor), id: try object.requiredID, depth: 0)
    }

    private func ancestry(of name: String, id: Int64, depth: Int) async throws -> [[IObject]] {
        // Folders can be in folders; that one is in itself no server forbids.
        guard depth < 50 else { return [] }
        var ways: [[IObject]] = []
        for parent in try await parents(of: name, id: id) {
            let above = try await ancestry(
                of: ModelFacts.name(of: parent.object.descriptor), id: try parent.requiredID, depth: depth + 1)
            ways += above.isEmpty ? [[parent]] : above.map { [parent] + $0 }
        }
        return ways
    }

    private func parents(of name: String, id: Int64) async throws -> [IObject] {
        var found: [IObject] = []
        for way in ModelFacts.upwards(from: name) {
            found += try await ObjectQuery<IObject>(self, className: way.parent).ownedBy(nil).holding(id, by: way).all()
        }
        return found
    }

    /// What is directly in an object, of all kinds: a plate's wells and runs.
    ///
    /// - Throws: ``GatewayError``.
    public func children(of object: some IObjectProtocol) async throws -> [IObject] {
        let context = try await own(of: object)
        let id = try object.requiredID
        var found: [IObject] = []
        for (name, way) in ModelFacts.downwards(from: ModelFacts.name(of: object.object.descriptor)) {
            found += try await ObjectQuery<IObject>(context, className: name).ownedBy(nil).held(by: id, [way]).all()
        }
        return found
    }

    /// What is in an object, of one kind, directly or further below: a project's datasets, or its images.
    ///
    /// - Throws: ``GatewayError``.
    public func children<Child: IObjectProtocol>(
        of object: some IObjectProtocol, as type: Child.Type
    ) async throws -> [Child] {
        let context = try await own(of: object)
        return try await context.objects(type).ownedBy(nil).inside(object).all()
    }

    /// How many objects of a kind are in each of some containers, directly or further below: images by the numbers of
    /// datasets, or of projects. One question for all of them; what is in there twice counts once.
    ///
    /// - Throws: ``GatewayError``; of kind ``GatewayError/Kind/invalidRequest`` if that kind is never in such containers.
    public func counts<Child: IObjectProtocol, Parent: IObjectProtocol>(
        of type: Child.Type, in parents: Parent.Type, ids: [Int64]
    ) async throws -> [Int64: Int] {
        let (child, parent) = (ModelFacts.name(of: type), ModelFacts.name(of: parents))
        guard let ways = ModelFacts.ways(from: child, to: parent).first else {
            throw GatewayError(.invalidRequest, "\(child) is never in \(parent)", phase: .call)
        }
        var counts = Dictionary(ids.map { ($0, 0) }) { first, _ in first }
        let chain = ModelFacts.Chain(ways)
        // Databases take a limited number of values in one question.
        for start in stride(from: 0, to: ids.count, by: 500) {
            let some = ids[start..<min(start + 500, ids.count)]
            let found = try await rows(
                "select \(chain.top), count(distinct \(chain.bottom)) from \(chain.from) where "
                    + (chain.conditions + ["\(chain.top) in (:ids)"]).joined(separator: " and ")
                    + " group by \(chain.top)",
                ["ids": .list(some.map { .long($0) })], as: (Int64, Int64).self)
            for (id, count) in found { counts[id] = Int(count) }
        }
        return counts
    }
}

extension ObjectQuery {
    /// Only what holds that object in one way.
    fileprivate func holding(_ child: Int64, by way: ModelFacts.Way) -> Self {
        filtered(
            { "obj.id in (select r.\(way.upper) from \(way.relation) r where r.\(way.lower) = \($0)0)" }, [.long(child)]
        )
    }

    /// Only what that object holds, over some steps.
    func held(by parent: Int64, _ ways: [ModelFacts.Way]) -> Self {
        let chain = ModelFacts.Chain(ways)
        return filtered(
            { prefix in
                let conditions = chain.conditions + ["\(chain.top) = \(prefix)0"]
                return "obj.id in (select \(chain.bottom) from \(chain.from) where "
                    + conditions.joined(separator: " and ") + ")"
            }, [.long(parent)])
    }
}
