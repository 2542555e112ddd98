internal import Foundation
internal import GRDB
internal import IceEncoding
internal import NIOCore
internal import OMEROModel

extension RecordDraft {
    /// The member of an `RString` that is its text.
    private static var textField: Int { 0 }

    /// Sets a member to what is in a column; null leaves it as it is.
    func set(_ field: Int, _ type: DataType, _ row: LoadedRow, _ position: Int) {
        switch (type, row[position]) {
        case (.string, .text(let place)), (.text, .text(let place)):
            let text = builder.add(RString.descriptor)
            row.withBytes(place) { builder[text].setString(Self.textField, utf8: $0) }
            self[field] = AnySliceObject(object: text) as AnySliceObject?
        case (.bool, .int(let number)): self[field] = Box(number != 0)
        case (.int, .int(let number)), (.positiveInt, .int(let number)), (.nonNegativeInt, .int(let number)):
            self[field] = Box(Int32(truncatingIfNeeded: number))
        case (.long, .int(let number)): self[field] = Box(number)
        case (.double, .double(let number)), (.fraction, .double(let number)): self[field] = Box(number)
        case (.double, .int(let number)), (.fraction, .int(let number)): self[field] = Box(Double(number))
        case (.time, .int(let number)): self[field] = Box(Timestamp(milliseconds: number).date)
        case (.bytes, .bytes(let place)): self[field] = row.withBytes(place) { ByteBuffer(bytes: $0) }
        case (.strings, .text): self[field] = row.text(position).map(StringList.decode) ?? []
        default: break
        }
    }

    /// Sets a member to a quantity; a unit that isn't known leaves it null.
    func set(_ field: Int, _ kind: String, _ value: Double, _ symbol: String) {
        func set<Kind: Quantity>(_ type: Kind.Type) {
            if let unit = Kind.Unit(symbol: symbol) { self[field] = Box(Kind(value, unit)) }
        }
        switch kind {
        case "Length": set(Length.self)
        case "Time": set(Time.self)
        case "Power": set(Power.self)
        case "Pressure": set(Pressure.self)
        case "Temperature": set(Temperature.self)
        case "Frequency": set(Frequency.self)
        case "ElectricPotential": set(ElectricPotential.self)
        default: assertionFailure("no quantity \(kind)")
        }
    }
}

/// PostgreSQL has arrays of strings; here they are JSON.
enum StringList {
    static func encode(_ strings: [String]) throws -> String {
        String(decoding: try JSONEncoder().encode(strings), as: UTF8.self)
    }

    static func decode(_ text: String) -> [String] {
        (try? JSONDecoder().decode([String].self, from: Data(text.utf8))) ?? []
    }
}
