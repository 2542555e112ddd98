internal import GRDB

/// What a fresh OMERO has in its database: root and guest, three groups, the entries of the enumerations, the node and
/// the sessions that the first rows need.
struct FirstRows {
    let db: Database
    let rootPasswordHash: String?
    let databaseUUID: String
    let now: Timestamp

    /// Of rows that all may read.
    static let publicRead: Int64 = -52

    func insert() throws {
        for name in Set(DataModel.entities.map(\.sequence)).sorted() {
            try db.execute(sql: "INSERT INTO _sequence (name, value) VALUES (?, 0)", arguments: [name])
        }
        try insertPeople()
        try insertEnumerations()
        try insertServer()
        try insertSettings()
    }

    private func insertPeople() throws {
        try rows(
            "experimenter (id, permissions, version, omename, firstname, lastname, ldap)",
            [[0, 0, 0, "root", "root", "root", false], [1, 0, 0, "guest", "Guest", "Account", false]],
            last: 1
        )
        try rows(
            "experimentergroup (id, permissions, version, name, ldap)",
            [[0, -120, 0, "system", false], [1, -52, 0, "user", false], [2, -120, 0, "guest", false]],
            last: 2
        )
        // Root is in `system` (leading it) and `user`; guest only in `guest`.
        try rows(
            "groupexperimentermap (id, permissions, version, parent, child, child_index, owner)",
            [[0, -52, 0, 0, 0, 0, true], [1, -52, 0, 1, 0, 1, false], [2, -52, 0, 2, 1, 0, false]],
            last: 2
        )
        try rows("password (experimenter_id, hash, changed)", [[0, rootPasswordHash, nil], [1, "", nil]])
    }

    private func insertEnumerations() throws {
        for entity in DataModel.entities where entity.kind == .enumeration {
            var next: Int64 = 1
            for entry in entity.entries {
                let id = entry.id ?? next
                if entry.id == nil { next += 1 }
                let others = entry.numbers.sorted { $0.key < $1.key }
                let columns = (["id", "permissions", "value"] + others.map(\.key)).map(\.quoted).joined(separator: ", ")
                try rows(
                    "\(entity.table.quoted) (\(columns))",
                    [[id, Self.publicRead, entry.value] + others.map(\.value)]
                )
            }
            try setSequence(entity.sequence, next - 1)
        }
    }

    private func insertServer() throws {
        let time = now.milliseconds
        try rows(
            "node (id, permissions, version, uuid, conn, up, down)",
            [[0, Self.publicRead, 0, "00000000-0000-0000-0000-000000000000", "unknown", time, time]]
        )
        try rows(
            """
            session (id, permissions, version, uuid, owner, node, started, closed, timetoidle, timetolive, \
            defaulteventtype)
            """,
            [
                [0, Self.publicRead, 0, "0", 0, 0, time, time, 0, 0, "BOOTSTRAP"],
                [1, Self.publicRead, 0, "1111", 0, 0, time, time, 0, 0, "PREVIOUSITEMS"],
            ],
            last: 1
        )
        try rows(
            "event (id, permissions, status, time, experimenter, experimentergroup, type, session)",
            [[0, 0, "BOOTSTRAP", time, 0, 0, 0, 0]]
        )
    }

    private func insertSettings() throws {
        try rows("configuration (name, value)", [["omero.db.uuid", databaseUUID]])
        try rows(
            """
            _roles (root_user_id, root_user_name, guest_user_id, guest_user_name, system_group_id, system_group_name, \
            user_group_id, user_group_name, guest_group_id, guest_group_name)
            """,
            [[0, "root", 1, "guest", 0, "system", 1, "user", 2, "guest"]]
        )
        try rows(
            """
            dbpatch (id, permissions, currentversion, currentpatch, previousversion, previouspatch, finished, message)
            """,
            [[1, Self.publicRead, "OMERO5.4", 0, "OMERO5.4", 0, now.milliseconds, "Database ready."]],
            last: 1
        )
    }

    /// Inserts rows with explicit ids; `last` is the last of these that the sequence would have given.
    private func rows(_ target: String, _ rows: [[(any DatabaseValueConvertible)?]], last: Int64? = nil) throws {
        for row in rows {
            let places = Array(repeating: "?", count: row.count).joined(separator: ", ")
            try db.execute(sql: "INSERT INTO \(target) VALUES (\(places))", arguments: StatementArguments(row))
        }
        let table = target.split(separator: " ").first.map(String.init) ?? target
        if let last { try setSequence("seq_\(table)", last) }
    }

    private func setSequence(_ name: String, _ value: Int64) throws {
        try db.execute(sql: "UPDATE _sequence SET value = ? WHERE name = ?", arguments: [value, name])
    }
}
