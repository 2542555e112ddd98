import OMEROModel

/// What a column holds for those who may not see it.
public enum Masked: Sendable, Hashable {
    /// This text.
    case text(String)
    /// Nothing.
    case null

    static let hidden = Masked.text("<hidden>")
    static let uuid = Masked.text("********-****-****-****-*************")
}

/// Columns of other users that not everybody may see.
public enum PrivateExperimenterField: String, Sendable, Hashable, CaseIterable {
    /// Names, and how to reach the user.
    case omeName, firstName, middleName, lastName, institution, email

    /// What is shown instead: names can't be null.
    public var mask: Masked {
        switch self {
        case .omeName, .firstName, .lastName: .hidden
        case .middleName, .institution, .email: .null
        }
    }
}

/// Columns of sessions and nodes that not everybody may see.
public enum PrivateKeyField: Sendable, Hashable, CaseIterable {
    /// The key of a session, and where a server of the cluster is.
    case sessionUUID, nodeUUID, nodeConnection

    /// What is shown instead.
    public var mask: Masked { self == .nodeConnection ? .hidden : .uuid }
}

/// Whose private fields a caller sees: a value, for a store to put into its statements. It acts on every column that
/// is sent, in projections too; conditions and orders work on the true values.
public struct ExperimenterPrivacy: Sendable, Hashable {
    /// Who asks, and always sees the own fields.
    public var callerID: Int64
    /// Administrators, and who leads any group.
    public var seesEverybody: Bool
    /// Groups whose members see each other, of which the caller is one. Never `user`, which is everybody's.
    public var sharedGroups: Set<Int64>

    /// - Parameters:
    ///   - identity: who asks.
    ///   - groups: those that the caller is a member of.
    public init(_ identity: Identity, groups: some Sequence<GroupFacts>) {
        callerID = identity.userID
        seesEverybody = identity.isAdmin || !identity.leaderOf.isEmpty
        sharedGroups = Set(
            groups.lazy
                .filter {
                    $0.id != BuiltIn.userGroup && $0.permissions[.group, .read] && identity.memberOf.contains($0.id)
                }
                .map(\.id)
        )
    }

    /// Whether the caller sees the private fields of a user.
    ///
    /// - Parameters:
    ///   - userID: whose fields they are.
    ///   - groups: those that the user is a member of.
    public func sees(_ userID: Int64, memberOf groups: some Sequence<Int64>) -> Bool {
        seesEverybody || userID == callerID || userID == BuiltIn.rootUser || userID == BuiltIn.guestUser
            || groups.contains(where: sharedGroups.contains)
    }
}

extension Caller {
    /// Whether the call sees the uuid of a session, with which the session could be joined.
    public func seesUUID(ofSessionOf ownerID: Int64) -> Bool {
        ownerID == identity.userID || identity.has(.readSession)
    }

    /// Whether the call sees the uuid and the address of a node.
    public var seesNodeKeys: Bool { identity.has(.readSession) }
}
