// What is in the rows that SQLite finds.
extension CompiledQuery.Place {
    func cell(_ row: StatementRow) -> QueryResult.Cell {
        switch row.kind(position) {
        case .null: return .null
        case .int:
            let number = row.int(position)
            if isBool { return .bool(number != 0) }
            return isDouble ? .double(Double(number)) : .int(number)
        case .double:
            let number = row.double(position)
            guard let unitPosition else { return .double(number) }
            return row.kind(unitPosition) == .text ? .quantity(number, row.text(unitPosition)) : .null
        case .text: return .text(row.text(position))
        case .bytes: return .bytes(row.withBytes(position) { Array($0) })
        }
    }
}

extension CompiledQuery.Collection {
    func element(_ row: StatementRow) -> FetchedElement? {
        guard row.kind(holder) == .int, row.kind(element) == .int else { return nil }
        return FetchedElement(holder: row.int(holder), element: row.int(element))
    }
}
