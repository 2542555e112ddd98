internal import Foundation
internal import GRDB
internal import GRDBSQLite

/// Rows of one query, read at once: a list of all their columns, and one of the bytes of all their texts. Rows of GRDB
/// know more, and each takes memory of its own.
final class RowBlock: Sendable {
    enum Value: BitwiseCopyable {
        case null
        case int(Int64)
        case double(Double)
        case text(Place)
        case bytes(Place)
    }

    /// Where among the bytes of its block a value is.
    struct Place: BitwiseCopyable {
        fileprivate let start: Int
        fileprivate let count: Int
    }

    fileprivate let values: [Value]
    fileprivate let bytes: [UInt8]
    let width: Int
    var count: Int { width == 0 ? 0 : values.count / width }
    /// What its texts and binary values take.
    var byteCount: Int { bytes.count }

    fileprivate init(values: [Value] = [], bytes: [UInt8] = [], width: Int = 0) {
        self.values = values
        self.bytes = bytes
        self.width = width
    }

    subscript(_ number: Int) -> LoadedRow { LoadedRow(block: self, start: number * width) }

    func filter(_ isIn: (LoadedRow) -> Bool) -> RowBlock {
        var kept: [Value] = []
        for number in 0..<count where isIn(self[number]) {
            kept += values[number * width..<(number + 1) * width]
        }
        return RowBlock(values: kept, bytes: bytes, width: width)
    }
}

/// A row of a block. Nil is what is null, or not of that kind.
struct LoadedRow: Sendable {
    fileprivate let block: RowBlock
    fileprivate let start: Int

    subscript(_ position: Int) -> RowBlock.Value { block.values[start + position] }

    func int(_ position: Int) -> Int64? {
        if case .int(let value) = self[position] { value } else { nil }
    }
    func double(_ position: Int) -> Double? {
        switch self[position] {
        case .double(let value): value
        case .int(let value): Double(value)
        case .null, .text, .bytes: nil
        }
    }
    func text(_ position: Int) -> String? {
        if case .text(let place) = self[position] {
            withBytes(place) { String(decoding: $0, as: UTF8.self) }
        } else {
            nil
        }
    }
    func withBytes<Result>(_ place: RowBlock.Place, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        block.bytes.withUnsafeBytes {
            body(UnsafeRawBufferPointer(rebasing: $0[place.start..<place.start + place.count]))
        }
    }
}

extension ReadTransaction {
    /// Runs a query with `IN (%)` for any number of ids.
    /// - Throws: ``QueryError`` of the kind `tooExpensive` for more than so many bytes of texts and binary values.
    func blockByID(_ sql: String, _ ids: [Int64], bytes limit: Int) throws -> RowBlock {
        guard let (sql, argument) = Self.byID(sql, ids) else { return RowBlock() }
        return try StoreError.translating {
            let statement = try db.cachedStatement(sql: sql)
            try statement.setArguments([argument])
            return try RowBlock(reading: statement, db, bytes: limit)
        }
    }
}

extension RowBlock {
    fileprivate convenience init(reading statement: Statement, _ db: Database, bytes limit: Int) throws {
        let pointer = statement.sqliteStatement
        let width = Int(sqlite3_column_count(pointer))
        var values: [Value] = []
        var bytes: [UInt8] = []
        sqlite3_reset(pointer)
        // An unfinished statement would keep the transaction open.
        defer { sqlite3_reset(pointer) }
        while true {
            let code = sqlite3_step(pointer)
            if code == SQLITE_DONE { break }
            guard code == SQLITE_ROW else {
                throw DatabaseError(
                    resultCode: ResultCode(rawValue: sqlite3_extended_errcode(db.sqliteConnection)),
                    message: db.lastErrorMessage)
            }
            for column in 0..<CInt(width) { values.append(Value(pointer, column, &bytes)) }
            guard bytes.count <= limit else { throw QueryError.tooMuchToLoad }
        }
        self.init(values: values, bytes: bytes, width: width)
    }
}

extension RowBlock.Value {
    fileprivate init(_ statement: SQLiteStatement, _ column: CInt, _ bytes: inout [UInt8]) {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: self = .int(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: self = .double(sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            self = .text(RowBlock.Place(sqlite3_column_text(statement, column), statement, column, &bytes))
        case SQLITE_BLOB:
            self = .bytes(RowBlock.Place(sqlite3_column_blob(statement, column), statement, column, &bytes))
        default: self = .null
        }
    }
}

extension RowBlock.Place {
    /// Keeps what SQLite lends until the next row.
    fileprivate init(
        _ lent: UnsafeRawPointer?, _ statement: SQLiteStatement, _ column: CInt, _ bytes: inout [UInt8]
    ) {
        start = bytes.count
        count = lent == nil ? 0 : Int(sqlite3_column_bytes(statement, column))
        bytes.append(contentsOf: UnsafeRawBufferPointer(start: lent, count: count))
    }
}
