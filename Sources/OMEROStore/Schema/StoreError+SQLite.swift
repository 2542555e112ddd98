internal import GRDB

extension StoreError {
    /// What a failure of SQLite means. Errors of others are left alone.
    static func translated(_ error: any Error) -> any Error {
        guard let error = error as? DatabaseError else { return error }
        return StoreError(error)
    }

    static func translating<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw translated(error) }
    }

    private init(_ error: DatabaseError) {
        let detail = error.message
        self.init(Self.reason(error), detail: detail)
    }

    private static func reason(_ error: DatabaseError) -> Reason {
        switch error.extendedResultCode {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY, .SQLITE_CONSTRAINT_ROWID:
            let (table, columns) = places(error.message)
            return .notUnique(table: table, columns: columns)
        case .SQLITE_CONSTRAINT_NOTNULL:
            let (table, columns) = places(error.message)
            return .missingValue(table: table, column: columns.first ?? "")
        case .SQLITE_CONSTRAINT_FOREIGNKEY: return .brokenReference(from: "", to: "")
        default: break
        }
        switch error.resultCode {
        case .SQLITE_CONSTRAINT:
            let (table, columns) = places(error.message)
            return .invalidValue(table: table, column: columns.first)
        case .SQLITE_TOOBIG, .SQLITE_MISMATCH: return .invalidValue(table: "", column: nil)
        case .SQLITE_BUSY, .SQLITE_LOCKED: return .busy
        case .SQLITE_MISUSE: return .closed
        case .SQLITE_READONLY: return .readOnly
        case .SQLITE_FULL, .SQLITE_IOERR: return .storageFailure
        case .SQLITE_CORRUPT, .SQLITE_NOTADB: return .damaged
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: return .cannotOpen
        default: return .internal
        }
    }

    /// `UNIQUE constraint failed: link.parent, link.child` names a table and columns; so do those of other kinds, the
    /// last word of what strict tables say ("cannot store TEXT value in INTEGER column link.parent"), and checks,
    /// because of how they are named.
    private static func places(_ message: String?) -> (table: String, columns: [String]) {
        guard let message else { return ("", []) }
        let list = message.split(separator: ": ").last ?? ""
        var table = ""
        var columns: [String] = []
        for place in list.split(separator: ", ") {
            let parts = (place.split(separator: " ").last ?? "").split(separator: ".")
            guard parts.count == 2 else { continue }
            table = String(parts[0])
            columns.append(String(parts[1]))
        }
        return (table, columns)
    }
}
