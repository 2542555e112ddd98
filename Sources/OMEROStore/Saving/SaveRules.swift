/// An object that is saved, linked to or deleted, as far as decisions about it need it.
public struct SavedRow: Sendable, Hashable {
    /// Its exact type.
    public let entity: Entity
    /// Its number.
    public let id: Int64
    /// Whether this transaction makes it.
    public let isNew: Bool
    /// Nil for global types.
    public let ownerID: Int64?
    /// Nil for global types, or where the client does not say.
    public let groupID: Int64?
    /// What is stored of it, or about to be, by property.
    public let values: [String: StoreValue]
}

/// An object that a client wants made, with what it says of the details.
public struct SaveWish: Sendable, Hashable {
    /// Its exact type.
    public let entity: Entity
    /// Nil where the client does not say.
    public let ownerID: Int64?
    /// Nil for global types, or where the client does not say.
    public let groupID: Int64?
    /// As the database has permissions.
    public let permissions: Int64?
    /// The groups of the objects that it refers to, in their order.
    public let linkedGroups: [Int64]
    /// By property.
    public let values: [String: StoreValue]
}

/// Whose a new row is.
public struct RowPlace: Sendable, Hashable {
    /// Nil for global types.
    public let ownerID: Int64?
    /// Nil for global types, or where the client does not say.
    public let groupID: Int64?
    /// As the database has permissions.
    public let permissions: Int64

    public init(ownerID: Int64?, groupID: Int64?, permissions: Int64) {
        self.ownerID = ownerID
        self.groupID = groupID
        self.permissions = permissions
    }
}

/// What a client wants changed in an object that is stored.
public struct SaveChange: Sendable {
    /// As it is stored.
    public let row: SavedRow
    /// By property; only what is new.
    public let values: [String: StoreValue]
    /// The version and the update's event that the client has read, where it says so.
    public let sentVersion: Int32?
    /// The update's event that the client has read, where it says so.
    public let sentUpdateEvent: Int64?
    /// The version that is stored.
    public let storedVersion: Int32?
    /// The update's event that is stored.
    public let storedUpdateEvent: Int64?
    /// Where they are others than those stored.
    public let newOwnerID: Int64?
    /// The group, where it is another than the one stored.
    public let newGroupID: Int64?
    /// The event of the creation, where it is another than the one stored.
    public let newCreationEvent: Int64?
}

/// Who may save what: the store asks, it does not decide. Whatever throws ends the transaction.
public protocol SaveRules {
    /// Whose a new object becomes.
    func place(_ wish: SaveWish) throws -> RowPlace
    /// Whether what is stored stays, whatever a client sent: that is what the client was shown in place of it, or
    /// nothing that can be changed by saving.
    func keeps(_ property: String, of row: SavedRow, against sent: StoreValue) -> Bool
    /// An object that is about to be changed; `values` of it can be empty if only its place in a collection changes.
    func checkUpdate(_ change: SaveChange) throws
    /// An object that a client sent whole without having changed it, with the version it has read.
    func checkVersion(_ change: SaveChange) throws
    /// A reference of a new or changed object.
    ///
    /// - Parameters:
    ///   - row: the object that has the reference.
    ///   - target: the object that it refers to.
    ///   - linkedGroups: the groups of all objects that `row` refers to, in their order.
    func checkLink(from row: SavedRow, to target: SavedRow, linkedGroups: [Int64]) throws
    /// An object that is stored and that a client names by its id.
    func checkReading(_ row: SavedRow) throws
    /// Whether the caller sees an object in a collection: what is not seen was not taken out of it.
    func shows(_ row: SavedRow) -> Bool
    /// An object that is about to be deleted.
    func checkDeleting(_ row: SavedRow) throws
}
