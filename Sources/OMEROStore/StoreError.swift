/// What went wrong in the store.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failures.
    public enum Reason: Sendable, Hashable {
        /// There is a row with these values already.
        case notUnique(table: String, columns: [String])
        /// A required value is missing.
        case missingValue(table: String, column: String)
        /// A value is too long, out of range or of the wrong type; the column is nil where the table is empty.
        case invalidValue(table: String, column: String?)
        /// A row leads to one that isn't there, because that was deleted or never was: found when the transaction ends.
        case brokenReference(from: String, to: String)
        /// There is no such row.
        case notFound(entity: String, id: Int64)
        /// The description knows no such type, property or path.
        case unknownName(String)
        /// Somebody else changed the object since it was read.
        case changedMeanwhile(entity: String, id: Int64)
        /// What was asked for makes no sense for these rows, as a rule of OMERO's says.
        case refused(String)
        /// Another process keeps the database locked.
        case busy
        /// The store was closed.
        case closed
        /// The database can't be written to.
        case readOnly
        /// There is no room, or the device fails.
        case storageFailure
        /// The file is no database, or a damaged one.
        case damaged
        /// The file can't be opened or made.
        case cannotOpen
        /// A newer version of this software has made changes to the database.
        case newerSchema
        /// Anything else: a mistake in this module.
        case `internal`
    }

    /// Which kind it is.
    public let reason: Reason
    /// SQLite's own words, or the system's; no values of rows.
    public let detail: String?

    public init(_ reason: Reason, detail: String? = nil) {
        self.reason = reason
        self.detail = detail
    }

    // Two errors are the same if they mean the same.
    public static func == (left: StoreError, right: StoreError) -> Bool { left.reason == right.reason }
    public func hash(into hasher: inout Hasher) { hasher.combine(reason) }

    /// Whether the database refused what was to be written: OMERO's `ValidationException`.
    public var isConstraintViolation: Bool {
        switch reason {
        case .notUnique, .missingValue, .invalidValue, .brokenReference: true
        default: false
        }
    }

    public var description: String {
        switch reason {
        case .notUnique(let table, let columns):
            "there is a \(table) with the same \(columns.joined(separator: ", ")) already"
        case .missingValue(let table, let column): "\(table).\(column) must have a value"
        case .invalidValue(let table, let column?): "\(table).\(column) can't have this value"
        case .invalidValue(let table, nil): "a value does not fit \(table)"
        case .brokenReference(let from, let to): "a row of \(from) needs a row of \(to) that isn't there"
        case .notFound(let entity, let id): "there is no \(entity) \(id)"
        case .unknownName(let name): "the data model has no \(name)"
        case .changedMeanwhile(let entity, let id): "\(entity) \(id) was changed meanwhile: load it again"
        case .refused(let rule): rule
        case .busy: "the database is in use by another process"
        case .closed: "the store is closed"
        case .readOnly: "the database can't be written to"
        case .storageFailure: "the device with the database has no room left, or fails"
        case .damaged: "the file is not a database, or is damaged"
        case .cannotOpen: "the database can't be opened: check the path, and who may read and write it"
        case .newerSchema: "the database is of a newer version of this software"
        case .internal: "the store failed"
        }
    }
}
