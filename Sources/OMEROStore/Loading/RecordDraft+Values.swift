internal import Foundation
internal import GRDB
internal import IceEncoding
internal import NIOCore
internal import OMEROModel

extension RecordDraft {
    /// Sets a member to what is in a column, which isn't null.
    func set(_ field: Int, _ type: DataType, _ row: Row, _ position: Int) {
        switch type {
        case .string, .text: self[field] = Box(row[position] as String)
        case .bool: self[field] = Box(row[position] as Bool)
        case .int, .positiveInt, .nonNegativeInt: self[field] = Box(row[position] as Int32)
        case .long: self[field] = Box(row[position] as Int64)
        case .double, .fraction: self[field] = Box(row[position] as Double)
        case .time: self[field] = Box(Timestamp(milliseconds: row[position]).date)
        case .bytes: self[field] = ByteBuffer(bytes: row[position] as Data)
        case .strings: self[field] = StringList.decode(row[position])
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
