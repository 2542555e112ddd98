/// Which rows a query sees, and which of their columns: what the caller may do, as values for statements.
///
/// It acts on every table of a statement, in joins and sub-queries too, and on what is loaded along.
public struct QueryScope: Sendable, Hashable {
    /// Rows with owner and group: those of `whole` groups, and the owner's of `own` groups.
    public struct Groups: Sendable, Hashable {
        /// Groups of which all rows are seen.
        public var whole: Set<Int64>
        /// Groups of which only the owner's rows are seen.
        public var own: Set<Int64>
        /// Whose rows of ``own`` are seen.
        public var ownerID: Int64

        public init(whole: Set<Int64>, own: Set<Int64>, ownerID: Int64) {
            self.whole = whole
            self.own = own
            self.ownerID = ownerID
        }
    }

    /// Whose names, addresses and institutions are shown; those of root and guest always are.
    public struct Privacy: Sendable, Hashable {
        /// Who asks, and is shown too.
        public var userID: Int64
        /// Members of these groups are shown.
        public var sharedGroups: Set<Int64>

        public init(userID: Int64, sharedGroups: Set<Int64>) {
            self.userID = userID
            self.sharedGroups = sharedGroups
        }
    }

    /// Nil shows the rows of all groups.
    public var groups: Groups?
    /// Only sessions of this user, if it isn't nil.
    public var sessionOwnerID: Int64?
    /// Only sessions that this user opened, if it isn't nil: the sudoer if there is one, else the owner.
    public var sessionRealOwnerID: Int64?
    /// Whether the rows of `Node` are seen.
    public var seesNodes: Bool
    /// Nil shows everybody.
    public var privacy: Privacy?
    /// Only keys of this user's sessions and none of nodes, if it isn't nil.
    public var sessionKeysOf: Int64?

    public init(
        groups: Groups? = nil,
        sessionOwnerID: Int64? = nil,
        sessionRealOwnerID: Int64? = nil,
        seesNodes: Bool = true,
        privacy: Privacy? = nil,
        sessionKeysOf: Int64? = nil
    ) {
        self.groups = groups
        self.sessionOwnerID = sessionOwnerID
        self.sessionRealOwnerID = sessionRealOwnerID
        self.seesNodes = seesNodes
        self.privacy = privacy
        self.sessionKeysOf = sessionKeysOf
    }

    /// Everything, as the server itself sees it.
    public static let everything = QueryScope()
}

extension QueryScope {
    /// The condition on rows of a type; `alias` is the root's table. Nil if there is none.
    ///
    /// - Parameter walksInOrder: the rows are not to be found by it, only looked at: no index has the value of `+x`.
    func condition(
        _ entity: Entity, _ alias: String, _ dialect: any SQLDialect, walksInOrder: Bool = false
    ) -> SQLText? {
        switch entity.root.name {
        case "Node": return seesNodes ? nil : .never
        case "Session":
            var parts: [SQLText] = []
            if let sessionOwnerID { parts.append(SQLText("\(alias).owner = ?", [.long(sessionOwnerID)])) }
            if let sessionRealOwnerID {
                parts.append(SQLText("coalesce(\(alias).sudoer, \(alias).owner) = ?", [.long(sessionRealOwnerID)]))
            }
            return parts.isEmpty ? nil : .all(parts)
        default: break
        }
        guard let groups, !entity.isGlobal else { return nil }
        let column = walksInOrder ? "+\(alias)" : alias
        let group = SQLText("\(column).group_id")
        var text = dialect.isIn(group, .longs(groups.whole.sorted()))
        if !groups.own.isEmpty {
            text =
                text + SQLText(" OR \(column).owner_id = ? AND ", [.long(groups.ownerID)])
                + dialect.isIn(group, .longs(groups.own.sorted()))
        }
        return SQLText("(") + text + SQLText(")")
    }

    /// Whether a row that was read shows; of sessions and nodes, `ownerID` and `sudoerID` are theirs.
    func shows(_ entity: Entity, ownerID: Int64?, groupID: Int64?, sudoerID: Int64?) -> Bool {
        switch entity.root.name {
        case "Node": return seesNodes
        case "Session":
            return (sessionOwnerID.map { $0 == ownerID } ?? true)
                && (sessionRealOwnerID.map { $0 == sudoerID ?? ownerID } ?? true)
        default: break
        }
        guard let groups, !entity.isGlobal, let groupID else { return true }
        return groups.whole.contains(groupID) || (ownerID == groups.ownerID && groups.own.contains(groupID))
    }

    /// What is sent in place of a column where the row isn't to show it, and when the row is.
    func mask(
        _ property: String, of entity: Entity, _ alias: String, _ dialect: any SQLDialect
    ) -> (isShown: SQLText, mask: SQLText)? {
        switch (entity.root.name, property) {
        case ("Experimenter", "omeName"), ("Experimenter", "firstName"), ("Experimenter", "lastName"):
            return userCondition(alias, dialect).map { ($0, SQLText("'<hidden>'")) }
        case ("Experimenter", "middleName"), ("Experimenter", "institution"), ("Experimenter", "email"):
            return userCondition(alias, dialect).map { ($0, .null) }
        case ("Session", "uuid"):
            return sessionKeysOf.map {
                (SQLText("\(alias).owner = ?", [.long($0)]), SQLText("'********-****-****-****-*************'"))
            }
        case ("Node", "uuid"):
            return sessionKeysOf.map { _ in (.never, SQLText("'********-****-****-****-*************'")) }
        case ("Node", "conn"): return sessionKeysOf.map { _ in (.never, SQLText("'<hidden>'")) }
        default: return nil
        }
    }

    private func userCondition(_ alias: String, _ dialect: any SQLDialect) -> SQLText? {
        guard let privacy else { return nil }
        var shared = SQLText("\(alias).id IN (0, 1, ?)", [.long(privacy.userID)])
        if !privacy.sharedGroups.isEmpty {
            shared =
                shared
                + SQLText(" OR EXISTS (SELECT 1 FROM groupexperimentermap m WHERE m.child = \(alias).id AND ")
                + dialect.isIn(SQLText("m.parent"), .longs(privacy.sharedGroups.sorted())) + SQLText(")")
        }
        return SQLText("(") + shared + SQLText(")")
    }
}
