/// An object, as far as decisions about what goes with what need it.
public struct GraphObject: Sendable, Hashable {
    /// The exact type.
    public let entity: Entity
    /// Its number in its hierarchy of classes.
    public let id: Int64
    /// Nil for global types.
    public let ownerID: Int64?
    /// Nil for global types.
    public let groupID: Int64?
    /// Of an annotation.
    public let namespace: String?
    /// Whether it is an original file that stands for a directory.
    public let isDirectory: Bool
    /// Of the object's `ExternalInfo`.
    let externalID: Int64?

    var key: GraphKey { GraphKey(root: entity.root, id: id) }
    /// How messages name it.
    var label: String { "\(entity.name)[\(id)]" }
}

/// Which object: ids are unique in a hierarchy.
struct GraphKey: Hashable, Sendable {
    let root: Entity
    let id: Int64
}

/// What a caller may do with an object.
public struct GraphRights: OptionSet, Sendable, Hashable {
    public let rawValue: Int
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Read it.
    public static let see = Self(rawValue: 1)
    /// Change it.
    public static let edit = Self(rawValue: 2)
    /// Delete it.
    public static let delete = Self(rawValue: 4)
    /// Into another group.
    public static let move = Self(rawValue: 8)
    /// To another owner.
    public static let give = Self(rawValue: 16)
    /// Everything.
    public static let all: Self = [.see, .edit, .delete, .move, .give]
}

/// What rules about graphs need to know of the caller and of groups.
public struct GraphAuthority: Sendable {
    /// What the caller may do with an object.
    public let rights: @Sendable (GraphObject) -> GraphRights
    let groups: [Int64: GroupLevel]

    /// What the members of a group may do with each other's objects.
    public struct GroupLevel: Sendable, Hashable {
        /// They see them.
        public let sees: Bool
        /// They may annotate and link them.
        public let annotates: Bool
        /// They may change them.
        public let writes: Bool

        public init(sees: Bool, annotates: Bool, writes: Bool) {
            self.sees = sees
            self.annotates = annotates
            self.writes = writes
        }

        static let nothing = GroupLevel(sees: false, annotates: false, writes: false)
    }

    public init(groups: [Int64: GroupLevel], rights: @escaping @Sendable (GraphObject) -> GraphRights) {
        self.groups = groups
        self.rights = rights
    }

    func level(of object: GraphObject) -> GroupLevel { object.groupID.flatMap { groups[$0] } ?? .nothing }
}

/// Why something can't be done to a graph, in words for the one who asked.
public struct GraphRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}
