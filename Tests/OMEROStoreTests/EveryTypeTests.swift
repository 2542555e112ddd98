import IceEncoding
import NIOCore
import OMEROModel
import Testing

@testable import OMEROStore

@Suite("Objects of every type")
struct EveryTypeTests {
    /// Inserts an object of a type with something in every property, and what it leads to.
    final class Maker {
        let transaction: WriteTransaction
        private var made: [String: Int64] = [:]
        private var underWay: Set<String> = []
        private var count: Int64 = 0

        init(_ transaction: WriteTransaction) { self.transaction = transaction }

        /// The properties that were set.
        private(set) var properties: [String] = []

        func make(_ entity: Entity) throws -> Int64 {
            if let id = made[entity.name] { return id }
            underWay.insert(entity.name)
            defer { underWay.remove(entity.name) }
            var values: [String: StoreValue] = [:]
            for property in entity.allProperties where property.isMapped && property.name != "version" {
                values[property.name] = try value(property)
            }
            let id = try transaction.insertObject(entity.name, values, by: .server)
            made[entity.name] = id
            properties = values.keys.sorted()
            return id
        }

        private func value(_ property: Property) throws -> StoreValue? {
            count += 1
            switch property.content {
            case .value(.string), .value(.text): return .text("\(property.name) \(count) ü")
            case .value(.bool): return true
            case .value(.fraction): return 0.5
            case .value(.double): return .double(Double(count) + 0.25)
            case .value(.time): return .time(Timestamp(milliseconds: 1_000 + count))
            case .value(.bytes): return .bytes([0, 255, 7])
            case .value(.strings): return .strings(["a", "ü\"", ""])
            case .value: return .int(count)
            case .quantity(_, let unit, _):
                let symbols = ["UnitsLength": "µm", "UnitsTemperature": "°C", "UnitsElectricPotential": "mV"]
                let others = ["UnitsTime": "s", "UnitsPower": "mW", "UnitsPressure": "mbar", "UnitsFrequency": "MHz"]
                return .quantity(1.5, symbols[unit] ?? others[unit] ?? "")
            case .reference(let name, _, _):
                guard let target = DataModel.entity(name)?.family.first(where: { !$0.isAbstract }) else { return nil }
                if target.kind == .enumeration, let entry = target.entries.first { return .entry(entry.value) }
                return underWay.contains(target.name) ? nil : .reference(try make(target))
            case .map: return .map([NamedValue("b", "1"), NamedValue("a", "ü")])
            case .collection: return nil
            }
        }
    }

    @Test(
        "one with all properties set is stored and comes back whole",
        arguments: DataModel.entities.filter { !$0.isAbstract })
    func roundTrip(_ entity: Entity) async throws {
        let store = try await TestStore.fresh()
        let (id, properties) = try await store.write { transaction in
            let maker = Maker(transaction)
            let id = try maker.make(entity)
            return (id, maker.properties)
        }
        let references = properties.filter { entity.property($0)?.type != nil }
        for fetch in [[], references.map { FetchPath($0) }] {
            let found = try await store.read { transaction in
                try GraphBuilder.build { try transaction.load(entity.root.name, where: [id], fetch: fetch, into: $0) }
            }
            let object = try #require(found.first).object
            #expect(object.typeID == entity.typeID)
            for name in properties {
                let property = try #require(entity.property(name))
                let field = try #require(entity.field(name))
                switch property.content {
                case .value(.bytes): #expect(object[field] as ByteBuffer == ByteBuffer(bytes: [0, 255, 7]))
                case .value(.strings): #expect(object[field] as [String] == ["a", "ü\"", ""])
                case .map:
                    let pairs: [Box<NamedValue>] = object[field]
                    #expect(pairs.map(\.value) == [NamedValue("b", "1"), NamedValue("a", "ü")])
                case .reference:
                    let target: AnySliceObject? = object[field]
                    let handle = try #require(target?.cast(to: IObject.self), "\(entity).\(name)")
                    #expect(handle.id != nil)
                    // Unless it is fetched by itself, or is one that was.
                    if !fetch.isEmpty { #expect(handle.isLoaded, "\(entity).\(name)") }
                case .value, .quantity: #expect(object[field] as AnySliceObject? != nil, "\(entity).\(name)")
                case .collection: break
                }
            }
            let details = try #require(IObject(object: object).details)
            #expect((details.owner != nil) == !entity.root.isGlobal)
        }
        #expect(try await store.read { try $0.rows("PRAGMA foreign_key_check").count } == 0)
    }
}
