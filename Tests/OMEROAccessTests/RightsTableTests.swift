import OMEROAccess
import OMEROModel
import Testing

@Suite("Rights by role, level of permissions, operation and context")
struct RightsTableTests {
    static let operations: [(letter: Character, action: Permissions.Action?)] = [
        ("R", nil), ("A", .annotate), ("L", .link), ("E", .edit), ("D", .delete), ("G", .chgrp), ("O", .chown),
    ]

    @Test("a call does what its role may do, and nothing else", arguments: RightsRow.table)
    func cells(row: RightsRow) throws {
        var cells = 0
        for (level, permissions) in Fixture.levels.map(\.permissions).enumerated() {
            let contexts = [("10", row.inGroup[level]), ("-1", row.inAll[level]), ("20", row.inOther[level])]
            for (context, expected) in contexts {
                for (letter, action) in Self.operations {
                    let refusal = refusal { () throws(AccessRefusal) in
                        try attempt(action, by: row, context: context, permissions)
                    }
                    let name: Comment = "\(letter) in \(context) of \(permissions): \(refusal?.message ?? "done")"
                    #expect((refusal == nil) == expected.contains(letter), name)
                    cells += 1
                }
            }
        }
        #expect(cells == 5 * 3 * 7)
    }

    @Test("the table has at least 500 cells, and each role is there once")
    func size() {
        #expect(RightsRow.table.count * 5 * 3 * 7 >= 500)
        #expect(Set(RightsRow.table.map(\.who)).count == RightsRow.table.count)
        for row in RightsRow.table {
            #expect([row.inGroup.count, row.inAll.count, row.inOther.count] == [5, 5, 5])
        }
    }

    /// The whole of a call: its role, its context, and the operation.
    private func attempt(
        _ action: Permissions.Action?, by row: RightsRow, context: String, _ permissions: Permissions
    ) throws(AccessRefusal) {
        try MethodRole.user.authorize(roles: row.roles, session: "1")
        let caller = try caller(row, context: context, permissions)
        let object = Fixture.object(in: permissions)
        guard let action else { return try caller.authorizeReading(object) }
        try caller.authorize(action, on: object)
    }

    private func caller(
        _ row: RightsRow, context: String, _ permissions: Permissions
    ) throws(AccessRefusal) -> Caller {
        var keys = ["omero.group": context, "omero.client.uuid": "a client"]
        if let user = row.actsFor { keys["omero.user"] = "\(user)" }
        let context = CallContext(keys)
        let session = SessionContext(groupID: Fixture.otherGroup)
        let facts: GroupFacts? =
            switch context.neededGroupID(session: session) {
            case Fixture.group: Fixture.groupFacts(permissions)
            case Fixture.otherGroup: Fixture.groupFacts(.readWriteGroup, id: Fixture.otherGroup)
            default: nil
            }
        return try context.caller(row.identity, session: session, group: facts)
    }

    @Test("lists show what can be loaded, and the flags that are sent tell the same", arguments: RightsRow.table)
    func flags(row: RightsRow) throws {
        guard row.roles == ["user"] else { return }
        for (level, permissions) in Fixture.levels.map(\.permissions).enumerated() {
            for (context, expected) in [("10", row.inGroup[level]), ("-1", row.inAll[level])] {
                guard let caller = try? caller(row, context: context, permissions) else { continue }
                let object = Fixture.object(in: permissions)
                #expect(caller.rowFilter.passes(object) == expected.contains("R"))
                guard expected.contains("R") else { continue }
                let sent = caller.permissions(toSendFor: object, stored: .nothing)
                #expect(sent.grantsSameRights(as: permissions))
                #expect(sent.canLink == expected.contains("L"))
                #expect(sent.canEdit == expected.contains("E"))
                #expect(sent.canDelete == expected.contains("D"))
                #expect(sent.canAnnotate == expected.contains("A"))
                #expect(sent.canChgrp == expected.contains("G"))
                #expect(sent.canChown == expected.contains("O"))
                #expect(sent.restrictions.count == (expected.count == 7 ? 0 : 6))
            }
        }
    }

    /// Owners who are no members of the group may annotate and link their objects there, by OMERO's flags. But they
    /// can't make the link in that group: it takes a member, or a privilege.
    private static let ownersOutside = [
        "owner who left the group", "owner, a light administrator without privileges",
    ]

    @Test("whoever may annotate or link can make the link; nobody else can", arguments: RightsRow.table)
    func links(row: RightsRow) throws {
        guard row.roles == ["user"], row.actsFor == nil, !Self.ownersOutside.contains(row.who) else { return }
        for (level, permissions) in Fixture.levels.map(\.permissions).enumerated() {
            guard let caller = try? caller(row, context: "10", permissions) else { continue }
            let object = Fixture.object(in: permissions)
            for (kind, letter) in [(EntityKind.tagging, "A" as Character), (.datasetImageLink, "L")] {
                let refusal = refusal { () throws(AccessRefusal) in
                    guard let placement = try caller.place(NewObject(kind)) else { return }
                    let link = ObjectFacts(
                        kind, id: nil, ownerID: placement.ownerID, groupID: placement.group.id,
                        groupPermissions: placement.group.permissions
                    )
                    try caller.authorizeLink(from: link, to: object)
                }
                #expect(
                    (refusal == nil) == row.inGroup[level].contains(letter),
                    "\(letter) in \(permissions): \(refusal?.message ?? "done")"
                )
            }
        }
    }
}
