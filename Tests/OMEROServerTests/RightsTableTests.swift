import Ice
import IceEncoding
import OMEROAPI
import OMEROAccess
import OMEROModel
import OMEROServer
import Testing

/// What the running server lets users do with a Dataset, by role, level of permissions, owner, context and operation,
/// against what the rules of OMEROAccess say, which have a table of their own that is written down.
@Suite("Rights, as the server keeps them", .serialized)
struct RightsTableTests {
    enum Operation: String, CaseIterable { case read, annotate, link, edit, delete }
    enum Context: String, CaseIterable { case group, all, other }

    @Test("the server does what the rules allow, and nothing else", .timeLimit(.minutes(10)))
    func cells() async throws {
        try await withServer { server, ice in
            let cast = try await RightsCast(ice, server)
            var cells = 0
            var allowed = 0
            for group in cast.groups {
                for role in cast.roles {
                    for owner in Self.owners(of: role, cast) {
                        for context in Context.allCases {
                            for operation in Operation.allCases {
                                let what =
                                    "\(role.name): \(operation) \(owner.name)'s in \(context) of \(group.permissions)"
                                let id = try await Self.dataset(of: owner, in: group)
                                let cell = Cell(role, id, owner.identity.userID, group, context, cast)
                                let expected = cell.expected(operation)
                                let found = try await cell.attempt(operation)
                                #expect(
                                    (found == nil) == (expected == nil),
                                    "\(what): the rules say \(expected?.message ?? "yes"), the server \(found ?? "yes")"
                                )
                                cells += 1
                                if found == nil { allowed += 1 }
                                if operation == .read { try await cell.checkFlags(expected == nil) }
                            }
                        }
                    }
                }
            }
            #expect(cells >= 500)
            // Both happen, or the table would say nothing.
            #expect(allowed > cells / 10 && allowed < cells * 9 / 10, "\(allowed) of \(cells)")
            try await cast.logOut()
        }
    }

    @Test("in a result of many owners and groups each object has the rights that it has alone")
    func many() async throws {
        try await withServer { server, ice in
            let cast = try await RightsCast(ice, server)
            for group in cast.groups {
                for owner in [cast.owner, cast.roles[1], cast.owner] {
                    _ = try await Self.dataset(of: owner, in: group)
                }
            }
            let everywhere = ["omero.group": "-1"]
            var kinds: Set<[Bool]> = []
            for role in cast.roles {
                let found = try await role.query.findAllByQuery(
                    query: "select d from Dataset d order by d.name, d.id", params: nil, context: everywhere)
                for object in found {
                    let id = try #require(object?.id)
                    let details = try #require(object?.details)
                    let alone = try #require(
                        try await role.query.get(klass: "Dataset", id: id, context: everywhere)?.details)
                    #expect(details.permissions == alone.permissions, "\(role.name): \(id)")
                    #expect(details.owner?.id == alone.owner?.id && details.group?.id == alone.group?.id)
                    #expect(details.event?.userId == role.identity.userID && details.call["omero.group"] == "-1")
                    kinds.insert(details.permissions?.restrictions ?? [])
                }
            }
            // Of one kind they could be mistaken for one another.
            #expect(kinds.count > 2)
            try await cast.logOut()
        }
    }

    /// Objects of the owner, and those of the role's own user where it can have any.
    private static func owners(of role: RightsCast.Role, _ cast: RightsCast) -> [RightsCast.Role] {
        let isMember = cast.groups.allSatisfy { role.identity.memberOf.contains($0.id) }
        return isMember && role.name != cast.owner.name ? [cast.owner, role] : [cast.owner]
    }

    private static func dataset(of owner: RightsCast.Role, in group: GroupFacts) async throws -> Int64 {
        let dataset = Dataset.make { $0.name = "an object" }
        let ids = try await owner.update.saveAndReturnIds(
            graph: [IObject(dataset)], context: ["omero.group": "\(group.id)"])
        return try #require(ids.first)
    }
}

/// One operation's place in the table: who, on what, from where.
private struct Cell {
    let role: RightsCast.Role
    let id: Int64
    let target: ObjectFacts
    let group: GroupFacts
    let context: RightsTableTests.Context
    let caller: Result<OMEROAccess.Caller, AccessRefusal>
    let callGroup: Int64

    init(
        _ role: RightsCast.Role, _ id: Int64, _ owner: Int64, _ group: GroupFacts, _ context: RightsTableTests.Context,
        _ cast: RightsCast
    ) {
        self.role = role
        self.id = id
        self.group = group
        self.context = context
        target = ObjectFacts(
            EntityKind("Dataset"), id: id, ownerID: owner, groupID: group.id, groupPermissions: group.permissions)
        let current: GroupFacts? = context == .all ? nil : context == .group ? group : cast.otherGroup
        callGroup = current?.id ?? -1
        let call = CallContext(groupID: callGroup)
        let identity = role.identity
        caller = Result { () throws(AccessRefusal) in
            try call.caller(
                identity, session: SessionContext(groupID: identity.memberOf.ordered[0]), group: current)
        }
    }

    private var wire: Context { ["omero.group": "\(callGroup)"] }

    // MARK: The rules

    func expected(_ operation: RightsTableTests.Operation) -> AccessRefusal? {
        do throws(AccessRefusal) {
            let caller = try caller.get()
            switch operation {
            case .read: try caller.authorizeReading(target)
            case .edit: try caller.authorizeUpdate(of: target)
            case .delete: try caller.authorize(.delete, on: target)
            case .annotate:
                try link(
                    caller, EntityKind("DatasetAnnotationLink", ancestors: [EntityKind.annotationLink]),
                    EntityKind("CommentAnnotation", ancestors: ["TextAnnotation", "Annotation"]))
            case .link: try link(caller, EntityKind("ProjectDatasetLink"), EntityKind("Project"))
            }
            return nil
        } catch {
            return error
        }
    }

    /// A new object and a new link from it to the target, or the other way round.
    private func link(
        _ caller: OMEROAccess.Caller, _ link: EntityKind, _ new: EntityKind
    ) throws(AccessRefusal) {
        func made(_ kind: EntityKind, _ linked: GroupFacts?, _ group: GroupFacts?) throws(AccessRefusal) -> ObjectFacts
        {
            let place = try caller.place(NewObject(kind, group: group, firstLinkedGroup: linked))
            return ObjectFacts(
                kind, id: nil, ownerID: place?.ownerID, groupID: place?.group.id,
                groupPermissions: place?.group.permissions)
        }
        let far = try made(new, nil, context == .all ? group : nil)
        let made = try made(link, group, nil)
        try caller.authorizeLink(from: made, to: target, firstTargetGroup: group.id)
        try caller.authorizeLink(from: made, to: far, firstTargetGroup: group.id)
    }

    // MARK: The server

    /// What the server says against it; nil if it does it.
    func attempt(_ operation: RightsTableTests.Operation) async throws -> String? {
        do {
            switch operation {
            case .read: _ = try await role.query.get(klass: "Dataset", id: id, context: wire)
            case .edit:
                let changed = GraphBuilder.build { builder in
                    builder.add(Dataset.self) { dataset in
                        dataset.id = id
                        dataset.name = "changed"
                    }
                }
                try await role.update.saveObject(obj: IObject(changed), context: wire)
            case .delete:
                try await role.update.deleteObject(row: IObject(Dataset.unloaded(id)), context: wire)
            case .annotate: try await role.update.saveObject(obj: annotation(), context: wire)
            case .link: try await role.update.saveObject(obj: projectLink(), context: wire)
            }
            return nil
        } catch let error as SecurityViolation {
            return error.message
        } catch let error as GroupSecurityViolation {
            return error.message
        } catch let error as ReadOnlyGroupSecurityViolation {
            return error.message
        }
    }

    private func annotation() -> IObject {
        GraphBuilder.build { builder in
            let comment = builder.add(CommentAnnotation.self) { $0.textValue = "a comment" }
            if context == .all { place(comment, builder) }
            return IObject(
                builder.add(DatasetAnnotationLink.self) { link in
                    link.parent = .unloaded(id)
                    link.child = Annotation(object: comment.object)
                })
        }
    }

    private func projectLink() -> IObject {
        GraphBuilder.build { builder in
            let project = builder.add(Project.self) { $0.name = "a project" }
            if context == .all { place(project, builder) }
            return IObject(
                builder.add(ProjectDatasetLink.self) { link in
                    link.parent = project
                    link.child = .unloaded(id)
                })
        }
    }

    /// In all groups a new object has to say which one it is for.
    private func place(_ object: some IObjectProtocol, _ builder: GraphBuilder) {
        let details = builder.add(Details.self) { $0.group = .unloaded(group.id) }
        builder.update(object) { $0.details = details }
    }

    /// The flags that are sent with an object tell what the operations do.
    func checkFlags(_ isVisible: Bool) async throws {
        guard isVisible, let caller = try? caller.get() else { return }
        let sent = try await role.query.get(klass: "Dataset", id: id, context: wire)
        let permissions = try #require(sent?.details?.permissions)
        #expect(permissions.restrictions == caller.restrictions(for: target), "\(role.name) in \(context)")
    }
}
