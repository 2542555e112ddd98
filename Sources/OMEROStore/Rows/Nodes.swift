internal import GRDB

/// A run of a server.
public struct NodeRecord: Sendable, Hashable {
    /// Its number.
    public let id: Int64
    /// The name of the run.
    public let uuid: String
    /// How other servers would reach it.
    public let connection: String
    /// When it began.
    public let up: Timestamp
    /// Nil while it runs, or if it ended without saying so.
    public let down: Timestamp?
}

extension ReadTransaction {
    /// All runs, the oldest first.
    public func nodes() throws -> [NodeRecord] {
        try rows("SELECT id, uuid, conn, up, down FROM node ORDER BY id").map {
            NodeRecord(
                id: $0[0],
                uuid: $0[1],
                connection: $0[2],
                up: Timestamp(milliseconds: $0[3]),
                down: ($0[4] as Int64?).map(Timestamp.init(milliseconds:))
            )
        }
    }
}

extension WriteTransaction {
    /// Says that a server runs now.
    public func insertNode(uuid: String, connection: String) throws -> NodeRecord {
        let id = try nextID("seq_node")
        try insert(
            "node",
            [
                ("id", id), ("permissions", Self.internalRow), ("version", 0), ("uuid", uuid), ("conn", connection),
                ("up", now.milliseconds),
            ]
        )
        return NodeRecord(id: id, uuid: uuid, connection: connection, up: now, down: nil)
    }

    /// Says that a server runs no more.
    public func markNodeDown(id: Int64) throws {
        let changed = try execute(
            "UPDATE node SET down = ?, version = ifnull(version, 0) + 1 WHERE id = ? AND down IS NULL",
            [now.milliseconds, id]
        )
        if changed == 0, try row("SELECT id FROM node WHERE id = ?", [id]) == nil {
            throw StoreError(.notFound(entity: "Node", id: id))
        }
    }
}
