public import IceEncoding
import OMEROAPI
public import OMEROModel

// Making and changing objects. Everything is saved in the context's group; what exists, in its own.
extension GatewayContext {
    /// Makes an object and saves it.
    ///
    /// ```swift
    /// let project = try await gateway.create(Project.self) { $0.name = "Mitosis" }
    /// ```
    ///
    /// - Returns: the object as the server has it now, with its number and owner.
    /// - Throws: ``GatewayError``: ``GatewayError/Kind/invalidRequest`` if something that it must have is missing,
    ///   ``GatewayError/Kind/noPermission``.
    @discardableResult
    public func create<Object: IObjectProtocol>(
        _ type: Object.Type,
        _ fill: (inout Draft<Object>) throws -> Void
    ) async throws -> Object {
        try await save(Object.make(fill))
    }

    /// Saves an object, new or changed, with what hangs on it.
    ///
    /// Collections that are loaded are brought to what is in them: links, and elements with an order, such as shapes,
    /// that are missing there are deleted. Those that are not loaded stay as they are.
    ///
    /// - Throws: ``GatewayError``; of kind ``GatewayError/Kind/serverError`` with `omero.OptimisticLockException` if
    ///   somebody else has changed it since it was read.
    @discardableResult
    public func save<Object: IObjectProtocol>(_ object: Object) async throws -> Object {
        let saved = try await withService(IUpdatePrx.self) { try await $0.saveAndReturnObject(obj: IObject(object)) }
        guard let typed = saved?.cast(to: Object.self) else {
            throw GatewayError(.protocolError, "the server gave no saved object back", phase: .call)
        }
        return typed
    }

    /// Saves several objects in one transaction.
    @discardableResult
    public func save<Object: IObjectProtocol>(_ objects: [Object]) async throws -> [Object] {
        let saved = try await withService(IUpdatePrx.self) {
            try await $0.saveAndReturnArray(graph: objects.map { IObject($0) })
        }
        return try saved.map { object in
            guard let typed = object?.cast(to: Object.self) else {
                throw GatewayError(.protocolError, "the server gave another object back", phase: .call)
            }
            return typed
        }
    }

    /// Reads an object anew, lets `change` have it, and saves it in its own group.
    @discardableResult
    public func update<Object: IObjectProtocol>(
        _ object: Object,
        _ change: (inout Draft<Object>) throws -> Void
    ) async throws -> Object {
        let context = object.groupID.map { inGroup($0) } ?? inAllGroups
        let current = try await context.object(Object.self, id: try object.requiredID)
        return try await inGroup(of: current).save(current.edited(change))
    }

    /// Gives an object another name.
    @discardableResult
    public func rename<Object: IObjectProtocol>(_ object: Object, to name: String) async throws -> Object {
        try await set(ModelFacts.nameProperty(of: object.object.descriptor) ?? "name", of: object, to: name)
    }

    /// Gives an object another description; nil takes it away.
    @discardableResult
    public func describe<Object: IObjectProtocol>(_ object: Object, as text: String?) async throws -> Object {
        try await set("description", of: object, to: text)
    }

    private func set<Object: IObjectProtocol>(
        _ property: String, of object: Object, to text: String?
    ) async throws -> Object {
        let descriptor = object.object.descriptor
        guard let field = ModelFacts.fields(of: descriptor).firstIndex(of: property) else {
            throw GatewayError(
                .invalidRequest, "\(ModelFacts.name(of: descriptor)) has no \(property)", phase: .call)
        }
        return try await update(object) { $0.box(text, field) }
    }

    // MARK: Links

    /// Puts an object into a container: a dataset into a project, an image into a dataset, a plate into a screen, an
    /// annotation onto anything. That they are linked already is no error.
    public func link(_ child: some IObjectProtocol, into parent: some IObjectProtocol) async throws {
        let (parentID, childID) = (try parent.requiredID, try child.requiredID)
        let type = try linkClass(parent.object.descriptor, child.object.descriptor)
        let context = try await own(of: parent)
        guard try await context.links(type, from: parentID, to: childID).isEmpty else { return }
        let link = GraphBuilder.build { builder in
            let object = builder.add(type)
            let record = builder[object]
            record[ModelFacts.loadedField] = true
            let fields = ModelFacts.fields(of: type)
            for (name, descriptor, id) in [
                ("parent", parent.object.descriptor, parentID), ("child", child.object.descriptor, childID),
            ] {
                let end = builder.add(descriptor)
                builder[end][ModelFacts.idField] = Box(id)
                if let field = fields.firstIndex(of: name) {
                    record[field] = AnySliceObject(object: end) as AnySliceObject?
                }
            }
            return IObject(object: object)
        }
        try await context.save(link)
    }

    /// Takes an object out of a container; both stay.
    ///
    /// - Returns: whether it was in there.
    @discardableResult
    public func unlink(_ child: some IObjectProtocol, from parent: some IObjectProtocol) async throws -> Bool {
        let type = try linkClass(parent.object.descriptor, child.object.descriptor)
        let context = try await own(of: parent)
        let ids = try await context.links(type, from: try parent.requiredID, to: try child.requiredID)
        guard !ids.isEmpty else { return false }
        try await context.delete(ModelFacts.name(of: type), ids: ids)
        return true
    }

    /// The context of the object's own group; asks for it where the object does not say.
    func own<Object: IObjectProtocol>(of object: Object) async throws -> ScopedGateway {
        if let group = object.groupID { return inGroup(group) }
        return try inGroup(of: try await inAllGroups.object(Object.self, id: try object.requiredID))
    }

    private func linkClass(_ parent: ClassDescriptor, _ child: ClassDescriptor) throws -> ClassDescriptor {
        if let type = ModelFacts.link(parent, child) { return type }
        throw GatewayError(
            .invalidRequest, "nothing links \(ModelFacts.name(of: child)) to \(ModelFacts.name(of: parent))",
            phase: .call)
    }

    private func links(_ type: ClassDescriptor, from parent: Int64, to child: Int64) async throws -> [Int64] {
        try await rows(
            "select l.id from \(ModelFacts.name(of: type)) l where l.parent.id = :parent and l.child.id = :child",
            ["parent": .long(parent), "child": .long(child)], as: Int64.self)
    }

    // MARK: Annotations

    /// Makes an annotation and puts it onto an object, in the object's group.
    @discardableResult
    public func annotate<Kind: AnnotationProtocol>(
        _ object: some IObjectProtocol,
        with type: Kind.Type,
        _ fill: (inout Draft<Kind>) throws -> Void
    ) async throws -> Kind {
        let context = try await own(of: object)
        let annotation = try await context.create(type, fill)
        try await context.link(annotation, into: object)
        return annotation
    }

    /// Puts a tag of that text onto an object: one of one's own that exists, else a new one.
    @discardableResult
    public func tag(_ object: some IObjectProtocol, _ text: String) async throws -> TagAnnotation {
        let context = try await own(of: object)
        if let known = try await context.objects(TagAnnotation.self).ownedBy(gateway.userID).named(text).first() {
            try await context.link(known, into: object)
            return known
        }
        return try await context.annotate(object, with: TagAnnotation.self) { $0.textValue = text }
    }

    /// The annotations of an object, of all kinds or of one.
    public func annotations<Kind: AnnotationProtocol>(
        of object: some IObjectProtocol,
        as type: Kind.Type = Annotation.self
    ) async throws -> [Kind] {
        let links = try linkClass(object.object.descriptor, Annotation.descriptor)
        let context = object.groupID.map { inGroup($0) } ?? inAllGroups
        return try await context.objects(type).ownedBy(nil).filter(
            "obj.id in (select l.child.id from \(ModelFacts.name(of: links)) l where l.parent.id = :annotated)",
            ["annotated": .long(try object.requiredID)]
        ).all()
    }
}

extension ModelFacts {
    /// Where `omero::model::IObject` keeps its number, and whether there is more.
    static let idField = 0
    static let loadedField = 2
}

extension IObjectProtocol {
    /// - Throws: ``GatewayError`` for an object that was never saved.
    var requiredID: Int64 {
        get throws {
            if let id { return id }
            throw GatewayError(
                .invalidRequest, "this \(ModelFacts.name(of: object.descriptor)) was never saved: it has no number",
                phase: .call)
        }
    }
}
