internal import Foundation
internal import GRDB
internal import IceEncoding
internal import NIOCore
internal import OMEROModel

// What a client has put into the members of an object, as the store keeps it.
extension StoreValue {
    /// The value of a member that is not a reference.
    ///
    /// - Throws: ``StoreError/Reason/invalidValue(table:column:)`` for what no column can hold.
    init(_ object: ObjectReference, _ member: SavePlan.Member) throws {
        let field = member.field
        switch member.property.content {
        case .value(let type): self = try Self.value(object, member, type)
        case .quantity(let kind, _, _):
            self = Self.quantity(object, field, kind)
            if case .quantity(let number, _) = self, number.isNaN { throw member.invalid }
        case .map:
            let pairs: [Box<NamedValue>] = object[field]
            self = .map(
                try pairs.map { pair in
                    guard let value = pair.value else { throw member.invalid }
                    return value
                })
        case .reference, .collection: self = .null
        }
    }

    private static func value(_ object: ObjectReference, _ member: SavePlan.Member, _ type: DataType) throws
        -> StoreValue
    {
        func boxed<Value: BoxedValue>(_ make: (Value) -> StoreValue) -> StoreValue {
            (object[member.field] as Box<Value>).value.map(make) ?? .null
        }
        switch type {
        case .string, .text:
            let value = boxed { StoreValue.text($0) }
            // SQLite would keep what is before a zero byte, without a word.
            if case .text(let text) = value, text.utf8.contains(0) { throw member.invalid }
            return value
        case .bool: return boxed { .bool($0) }
        case .int, .positiveInt, .nonNegativeInt: return boxed { (value: Int32) in .int(Int64(value)) }
        case .long: return boxed { .int($0) }
        case .double, .fraction:
            let value = boxed { StoreValue.double($0) }
            // SQLite keeps it as null.
            if case .double(let number) = value, number.isNaN { throw member.invalid }
            return value
        case .time:
            guard let box = object[member.field] as AnySliceObject? else { return .null }
            let milliseconds: Int64 = box.object[0]
            // A `Date` has no more whole milliseconds.
            guard milliseconds.magnitude <= 1 << 52 else { throw member.invalid }
            return .time(Timestamp(milliseconds: milliseconds))
        // The wire has no null for these two.
        case .bytes:
            let bytes: ByteBuffer = object[member.field]
            if bytes.readableBytes == 0, !member.property.isRequired { return .null }
            return .bytes(Array(bytes.readableBytesView))
        case .strings:
            let strings: [String] = object[member.field]
            if strings.isEmpty, !member.property.isRequired { return .null }
            return .strings(strings)
        }
    }

    private static func quantity(_ object: ObjectReference, _ field: Int, _ kind: String) -> StoreValue {
        func value<Kind: Quantity>(_ type: Kind.Type) -> StoreValue {
            (object[field] as Box<Kind>).value.map { .quantity($0.value, $0.unit.symbol) } ?? .null
        }
        switch kind {
        case "Length": return value(Length.self)
        case "Time": return value(Time.self)
        case "Power": return value(Power.self)
        case "Pressure": return value(Pressure.self)
        case "Temperature": return value(Temperature.self)
        case "Frequency": return value(Frequency.self)
        case "ElectricPotential": return value(ElectricPotential.self)
        default:
            assertionFailure("no quantity \(kind)")
            return .null
        }
    }
}

extension SavePlan.Member {
    fileprivate var invalid: StoreError {
        StoreError(.invalidValue(table: owner.table, column: property.column ?? property.name.lowercased()))
    }
}

// What a row has, in the same form: what is equal to what a client sends has not changed.
extension LoadPlan.RowType {
    /// The values of a row, by the number of the member; maps are not in it.
    func stored(_ row: Row) -> [Int: StoreValue] {
        var found: [Int: StoreValue] = [:]
        for (field, position, type) in values {
            found[field] = row.hasNull(atIndex: position) ? .null : StoreValue(row, position, type)
        }
        for (field, position, unitPosition, _) in quantities {
            if let number: Double = row[position], let unit: String = row[unitPosition] {
                found[field] = .quantity(number, unit)
            } else {
                found[field] = .null
            }
        }
        for reference in references {
            found[reference.field] = (row[reference.position] as Int64?).map { .reference($0) } ?? .null
        }
        return found
    }
}

extension StoreValue {
    /// What is in a column, which isn't null.
    fileprivate init(_ row: Row, _ position: Int, _ type: DataType) {
        switch type {
        case .string, .text: self = .text(row[position])
        case .bool: self = .bool(row[position])
        case .int, .positiveInt, .nonNegativeInt, .long: self = .int(row[position])
        case .double, .fraction: self = .double(row[position])
        case .time: self = .time(Timestamp(milliseconds: row[position]))
        case .bytes: self = .bytes(Array(row[position] as Data))
        case .strings: self = .strings(StringList.decode(row[position]))
        }
    }
}
