import GRDB
import OMEROAccess
import OMEROModel

@testable import OMEROStore

/// Fills a store with random objects: a group of each level of permissions, with several owners; values are of a small
/// pool, so that many are equal, and a third of what may be null is.
struct RandomRows {
    /// In the order in which they can be made.
    static let types = [
        "ExternalInfo", "OriginalFile", "TagAnnotation", "CommentAnnotation", "LongAnnotation", "DoubleAnnotation",
        "BooleanAnnotation", "TimestampAnnotation", "MapAnnotation", "FileAnnotation", "TermAnnotation",
        "XmlAnnotation", "Project", "Dataset", "Folder", "Microscope", "Instrument", "Laser", "Arc", "Filament",
        "GenericExcitationSource", "Detector", "Objective", "StageLabel", "Experiment", "Fileset", "Image",
        "Pixels", "LogicalChannel", "StatsInfo", "Channel", "Roi", "Rectangle", "Ellipse", "Point", "Label",
        "Screen", "Plate", "Well", "WellSample", "Reagent", "ParseJob", "ScriptJob", "UploadJob",
        "ProjectDatasetLink", "DatasetImageLink", "FolderImageLink", "FolderRoiLink", "ScreenPlateLink",
        "ProjectAnnotationLink", "DatasetAnnotationLink", "ImageAnnotationLink", "AnnotationAnnotationLink",
        "PixelsOriginalFileMap", "WellReagentLink", "ExperimenterAnnotationLink",
    ]
    static let texts = [
        "", "a", "A", "b", "ab", "a%", "a_b", "a\\b", " a ", "ä", "a\u{308}", "Ä", "ß", "日本", "𝄞", "x'y", "10", "-3",
        "2.5",
        "1e2", "null", "Öztürk", "İ",
    ]
    static let numbers: [Int64] = [0, 1, 2, 2, 3, 7, -1, -5, 100, 2_000_000_000]
    static let fractions = [0, 0.5, -1.5, 2, 2.5, 3.5, 100.25, -0.25, 1e6]
    static let times: [Int64] = [0, -1, 1_000, 1_400_000_000_123, 951_782_400_000, -86_400_000_001, 4_102_444_800_000]

    private let transaction: WriteTransaction
    private var random: Seeded
    /// By group and the root of the hierarchy.
    private var made: [Int64: [String: [(entity: Entity, id: Int64)]]] = [:]

    /// - Parameter owners: who has objects, by group.
    static func fill(_ transaction: WriteTransaction, owners: [Int64: [Int64]], seed: UInt64) throws {
        var rows = RandomRows(transaction: transaction, random: Seeded(seed))
        for (group, owners) in owners.sorted(by: { $0.key < $1.key }) {
            for name in types {
                guard let entity = DataModel.entity(name) else { throw Unevaluated(name) }
                for _ in 0..<rows.random.number(2...(entity.kind == .link ? 8 : 5)) {
                    try rows.insert(entity, by: rows.random.pick(owners), in: group)
                }
            }
            try rows.addExternalInfo(in: group)
        }
    }

    /// Some objects are known elsewhere; each such row is of one object.
    private mutating func addExternalInfo(in group: Int64) throws {
        for (number, info) in (made[group]?["ExternalInfo"] ?? []).enumerated() {
            let name = ["Project", "Image", "Annotation", "OriginalFile", "ProjectDatasetLink"][number % 5]
            guard let objects = made[group]?[name], let table = DataModel.entity(name)?.table else { continue }
            try transaction.execute(
                "UPDATE \"\(table)\" SET external_id = ? WHERE id = ?", [info.id, random.pick(objects).id])
        }
    }

    private init(transaction: WriteTransaction, random: Seeded) {
        self.transaction = transaction
        self.random = random
    }

    private mutating func insert(_ entity: Entity, by owner: Int64, in group: Int64) throws {
        var values: [String: StoreValue] = [:]
        for property in entity.allProperties where property.isMapped && property.name != "version" {
            guard property.isRequired || !random.once(in: 3) else { continue }
            if let value = value(property, in: group) { values[property.name] = value }
        }
        let caller = OMEROStore.Caller(userID: owner, groupID: group, sessionID: 0)
        do {
            let id = try transaction.part { try transaction.insertObject(entity.name, values, by: caller) }
            made[group, default: [:]][entity.root.name, default: []].append((entity, id))
        } catch let error as StoreError {
            switch error.reason {
            // By chance the same link again, or nothing there that it could lead to.
            case .notUnique, .missingValue: return
            default: throw error
            }
        }
    }

    private mutating func value(_ property: Property, in group: Int64) -> StoreValue? {
        switch property.content {
        case .value(.string), .value(.text):
            // Paths of files are unique; so are hashes.
            return .text(property.isUnique ? "\(random.next())" : random.pick(Self.texts))
        case .value(.bool): return .bool(random.once(in: 2))
        case .value(.positiveInt): return .int(Int64(random.number(1...4)))
        case .value(.nonNegativeInt): return .int(Int64(random.number(0...4)))
        case .value(.fraction): return .double(random.pick([0, 0.25, 0.5, 1]))
        case .value(.double): return .double(random.pick(Self.fractions))
        case .value(.time): return .time(Timestamp(milliseconds: random.pick(Self.times)))
        case .value(.int), .value(.long): return .int(random.pick(Self.numbers))
        case .value(.bytes), .value(.strings): return nil
        case .quantity(_, let unit, _):
            let units = [
                "UnitsLength": ["µm", "nm", "pixel"], "UnitsTemperature": ["°C", "K"], "UnitsTime": ["s", "ms"],
                "UnitsElectricPotential": ["mV", "V"], "UnitsPower": ["mW"], "UnitsPressure": ["mbar"],
                "UnitsFrequency": ["MHz", "Hz"],
            ]
            guard let symbols = units[unit] else { return nil }
            return .quantity(property.domain == nil ? random.pick(Self.fractions) : 1.5, random.pick(symbols))
        case .reference(let name, _, _):
            guard let target = DataModel.entity(name) else { return nil }
            if target.kind == .enumeration {
                return target.entries.isEmpty ? nil : .entry(random.pick(target.entries.prefix(3)).value)
            }
            if name == "Experimenter" { return .reference(Int64(random.number(0...1))) }
            let fitting = (made[group]?[target.root.name] ?? []).filter { $0.entity.isA(name) }
            return fitting.isEmpty ? nil : .reference(random.pick(fitting).id)
        case .map:
            return .map(
                (0..<random.number(0...3)).map { _ in
                    NamedValue(random.pick(Self.texts), random.pick(Self.texts))
                })
        case .collection: return nil
        }
    }
}
