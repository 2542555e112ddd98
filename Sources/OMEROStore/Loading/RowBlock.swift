internal import GRDB

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
        var values: [Value] = []
        var bytes: [UInt8] = []
        let width = statement.columnCount
        try statement.eachRow(in: db) { row in
            for column in 0..<width { values.append(Value(row, column, &bytes)) }
            guard bytes.count <= limit else { throw QueryError.tooMuchToLoad }
        }
        self.init(values: values, bytes: bytes, width: width)
    }
}

extension RowBlock.Value {
    fileprivate init(_ row: StatementRow, _ column: Int, _ bytes: inout [UInt8]) {
        switch row.kind(column) {
        case .null: self = .null
        case .int: self = .int(row.int(column))
        case .double: self = .double(row.double(column))
        case .text: self = .text(RowBlock.Place(row, column, &bytes))
        case .bytes: self = .bytes(RowBlock.Place(row, column, &bytes))
        }
    }
}

extension RowBlock.Place {
    /// Keeps what SQLite lends until the next row.
    fileprivate init(_ row: StatementRow, _ column: Int, _ bytes: inout [UInt8]) {
        start = bytes.count
        row.withBytes(column) { bytes.append(contentsOf: $0) }
        count = bytes.count - start
    }
}
