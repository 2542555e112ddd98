#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROStore

/// What an object as an example asks for: its simple values that are there.
struct QueryExample {
    let entity: Entity
    private(set) var conditions: [String] = []
    private(set) var parameters: [String: RValue?] = [:]

    init(_ example: IObject?) throws {
        guard let example, let entity = DataModel.queryEntity(example.typeID) else {
            throw ApiUsageException("an example is needed")
        }
        self.entity = entity
        // Versions count changes: they tell nothing about what is meant.
        for property in entity.allProperties where property.isMapped && property.name != "version" {
            guard case .value(let type) = property.content, let field = entity.field(property.name),
                let value = Self.value(of: example.object, field, type)
            else { continue }
            conditions.append("obj.\(property.name) = :\(property.name)")
            parameters[property.name] = value
        }
    }

    private static func value(of object: ObjectReference, _ field: Int, _ type: DataType) -> RValue? {
        switch type {
        case .string, .text: (object[field] as Box<String>).value.map { .string($0) }
        case .bool: (object[field] as Box<Bool>).value.map { .bool($0) }
        case .int, .positiveInt, .nonNegativeInt: (object[field] as Box<Int32>).value.map { .int($0) }
        case .long: (object[field] as Box<Int64>).value.map { .long($0) }
        case .double, .fraction: (object[field] as Box<Double>).value.map { .double($0) }
        case .time: (object[field] as Box<Date>).value.map { .time($0) }
        case .bytes, .strings: nil
        }
    }
}
