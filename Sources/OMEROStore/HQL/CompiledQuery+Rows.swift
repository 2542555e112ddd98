internal import Foundation
internal import GRDB

// What is in the rows that SQLite finds.
extension CompiledQuery.Output {
    func cell(_ row: Row) -> QueryResult.Cell {
        let value: DatabaseValue = row[position]
        switch value.storage {
        case .null: return .null
        case .int64(let number):
            if column.type == .bool { return .bool(number != 0) }
            return column.type == .double ? .double(Double(number)) : .int(number)
        case .double(let number):
            guard let unitPosition else { return .double(number) }
            return (row[unitPosition] as String?).map { .quantity(number, $0) } ?? .null
        case .string(let text): return .text(text)
        case .blob(let data): return .bytes(Array(data))
        }
    }
}

extension CompiledQuery.Collection {
    func element(_ row: Row) -> FetchedElement? {
        guard let holder: Int64 = row[holder], let element: Int64 = row[element] else { return nil }
        return FetchedElement(holder: holder, element: element)
    }
}
