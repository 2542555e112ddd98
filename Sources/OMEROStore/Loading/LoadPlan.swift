internal import GRDB
internal import IceEncoding
internal import OMEROModel
internal import Synchronization

/// How the rows of a type, and of those that derive from it, are read: one query, and where in its rows everything is.
///
/// Made once per type from the description and the classes of the wire.
final class LoadPlan: Sendable {
    /// What is in the rows of one type.
    final class RowType: Sendable {
        let entity: Entity
        let descriptor: ClassDescriptor
        let values: [(field: Int, position: Int, type: DataType)]
        let quantities: [(field: Int, position: Int, unitPosition: Int, kind: String)]
        let references: [Reference]
        /// Those whose class only the row of what they lead to tells.
        let openReferences: [Reference]
        /// Those whose objects are loaded with every object of the type.
        let constantReferences: [Reference]
        let collections: [(name: String, field: Int)]
        let maps: [(name: String, field: Int)]
        /// Of whom a session is, and who opened it for that user.
        let sessionPositions: (owner: Int?, sudoer: Int?)

        fileprivate init(_ draft: RowTypeDraft) {
            entity = draft.entity
            descriptor = draft.descriptor
            values = draft.values
            quantities = draft.quantities
            references = draft.references
            openReferences = draft.references.filter { $0.descriptor == nil }
            constantReferences = draft.references.filter(\.target.isLoadedWithOthers)
            collections = draft.collections
            maps = draft.maps
            func position(_ name: String) -> Int? { draft.references.first { $0.name == name }?.position }
            sessionPositions = draft.entity.isGlobal ? (position("owner"), position("sudoer")) : (nil, nil)
        }

        func reference(_ name: String) -> Reference? { references.first { $0.name == name } }
        func hasCollection(_ name: String) -> Bool { collections.contains { $0.name == name } }
    }

    /// A column that leads to another object.
    final class Reference: Sendable {
        let name: String
        let field: Int
        let position: Int
        let target: Entity
        let root: Entity
        /// Its class, where that is known without a look at its row.
        let descriptor: ClassDescriptor?

        init(_ name: String, field: Int, position: Int, to target: Entity) {
            self.name = name
            self.field = field
            self.position = position
            self.target = target
            root = target.root
            descriptor = target.subclasses.isEmpty ? omeroModelTypes.classDescriptor(target.typeID) : nil
        }
    }

    /// How it is known which type a row is of.
    private enum Discovery: Sendable {
        case always(RowType)
        case discriminator(position: Int, [String: RowType])
        /// The most derived type whose table has the row.
        case joined([(position: Int, RowType)])
    }

    let entity: Entity
    let root: Entity
    /// Without a condition.
    let query: String
    /// Only what says which type a row is of.
    let discoveryQuery: String
    /// The id, as a column of the query.
    let idColumn: String
    let detailsPositions: [DetailsProperty: Int]
    /// What `details` refer to, with the members of these.
    let detailsReferences: [Reference]
    let permissionsPosition: Int?
    let ownerPosition: Int?
    let groupPosition: Int?
    private let discovery: Discovery
    private let lean: Discovery
    private let columnPositions: [String: Int]

    private static let plans = Mutex<[String: LoadPlan]>([:])

    static func of(_ entity: Entity) throws -> LoadPlan {
        if let plan = plans.withLock({ $0[entity.name] }) { return plan }
        let plan = try LoadPlan(entity)
        plans.withLock { $0[entity.name] = plan }
        return plan
    }

    private init(_ entity: Entity) throws {
        self.entity = entity
        let root = entity.root
        self.root = root
        var columns = Columns()
        _ = columns.add(root.table, "id")
        var details: [DetailsProperty: Int] = [:]
        for (property, column) in root.detailsColumns { details[property] = columns.add(root.table, column) }
        detailsPositions = details
        detailsReferences = details.compactMap { property, position in
            guard let target = property.type.flatMap(DataModel.entity), let field = DetailsMember.numbers[property]
            else { return nil }
            return Reference(property.rawValue, field: field, position: position, to: target)
        }
        permissionsPosition = details[.permissions]
        ownerPosition = details[.owner]
        groupPosition = details[.group]
        var types: [String: RowType] = [:]
        for type in entity.family { types[type.name] = try columns.add(type) }
        let joins = Self.joins(entity)
        idColumn = "\(root.table.quoted).id"
        var lean = Columns()
        _ = lean.add(root.table, "id")
        discovery = try Self.discovery(entity, types, &columns)
        self.lean = try Self.discovery(entity, types, &lean)
        query = "SELECT \(columns.list) FROM \(joins)"
        discoveryQuery = "SELECT \(lean.list) FROM \(joins) WHERE \(idColumn) IN (%)"
        columnPositions = columns.positions
    }

    private static func joins(_ entity: Entity) -> String {
        let root = entity.root
        var text = root.table.quoted
        guard case .joined = root.storage else { return text }
        for type in entity.lineage + entity.family.dropFirst() {
            guard case .joined(let key) = type.storage, type.base != nil else { continue }
            let isOptional = !entity.lineage.contains(type)
            let condition = "\(type.table.quoted).\(key.quoted) = \(root.table.quoted).id"
            text += " \(isOptional ? "LEFT " : "")JOIN \(type.table.quoted) ON \(condition)"
        }
        return text
    }

    private static func discovery(_ entity: Entity, _ types: [String: RowType], _ columns: inout Columns) throws
        -> Discovery
    {
        switch entity.storage {
        case .plain:
            guard let type = types[entity.name] else { throw StoreError(.unknownName(entity.name)) }
            return .always(type)
        case .single:
            var byValue: [String: RowType] = [:]
            for type in entity.family {
                if case .single(let value?) = type.storage { byValue[value] = types[type.name] }
            }
            return .discriminator(position: columns.add(entity.table, "discriminator"), byValue)
        case .joined:
            let ordered = entity.family.filter { !$0.isAbstract }.sorted { $0.lineage.count > $1.lineage.count }
            return .joined(
                ordered.compactMap { type in
                    guard case .joined(let key) = type.storage, let rowType = types[type.name] else { return nil }
                    return (columns.add(type.table, key), rowType)
                }
            )
        }
    }

    /// The type of a row of the query; nil if the row is of none that was asked for.
    func type(of row: some PlannedRow) -> RowType? { Self.type(of: row, discovery) }
    /// The same for a row of the query for that only.
    func leanType(of row: some PlannedRow) -> RowType? { Self.type(of: row, lean) }

    private static func type(of row: some PlannedRow, _ discovery: Discovery) -> RowType? {
        switch discovery {
        case .always(let type): return type
        case .discriminator(let position, let types): return row.discriminator(position).flatMap { types[$0] }
        case .joined(let types): return types.first { !row.isNull($0.position) }?.1
        }
    }

    /// A column of the query by which rows can be chosen, and where it is in them.
    func column(_ table: String, _ name: String) -> (name: String, position: Int)? {
        let qualified = "\(table.quoted).\(name.quoted)"
        return columnPositions[qualified].map { (qualified, $0) }
    }
}

/// A row as far as it says which type it is of.
protocol PlannedRow {
    func isNull(_ position: Int) -> Bool
    func discriminator(_ position: Int) -> String?
}

extension Row: PlannedRow {
    func isNull(_ position: Int) -> Bool { hasNull(atIndex: position) }
    func discriminator(_ position: Int) -> String? { self[position] }
}

extension LoadedRow: PlannedRow {
    func isNull(_ position: Int) -> Bool {
        if case .null = self[position] { true } else { false }
    }
    func discriminator(_ position: Int) -> String? { text(position) }
}

/// The numbers of the members of `Details`.
enum DetailsMember {
    static let numbers: [DetailsProperty: Int] = {
        let numbers = Details.descriptor.fieldNumbers
        return Dictionary(
            uniqueKeysWithValues: DetailsProperty.allCases.compactMap { property in
                numbers["_\(property.rawValue)"].map { (property, $0) }
            })
    }()
    static let permissions = numbers[.permissions] ?? 0
}

private struct RowTypeDraft {
    let entity: Entity
    let descriptor: ClassDescriptor
    var values: [(field: Int, position: Int, type: DataType)] = []
    var quantities: [(field: Int, position: Int, unitPosition: Int, kind: String)] = []
    var references: [LoadPlan.Reference] = []
    var collections: [(name: String, field: Int)] = []
    var maps: [(name: String, field: Int)] = []
}

/// The columns of a query, each once.
private struct Columns {
    private(set) var positions: [String: Int] = [:]
    private var names: [String] = []

    var list: String { names.joined(separator: ", ") }

    mutating func add(_ table: String, _ column: String) -> Int {
        let name = "\(table.quoted).\(column.quoted)"
        if let position = positions[name] { return position }
        positions[name] = names.count
        names.append(name)
        return names.count - 1
    }

    /// The columns of a type and of its bases.
    mutating func add(_ entity: Entity) throws -> LoadPlan.RowType {
        guard let descriptor = omeroModelTypes.classDescriptor(entity.typeID) else {
            throw StoreError(.unknownName(entity.typeID))
        }
        var type = RowTypeDraft(entity: entity, descriptor: descriptor)
        let numbers = descriptor.fieldNumbers
        for owner in entity.lineage {
            for property in owner.properties where property.isMapped {
                guard let field = numbers[property.wireName] else {
                    throw StoreError(.unknownName("\(entity).\(property.name)"))
                }
                switch property.content {
                case .collection: type.collections.append((property.name, field))
                case .map: type.maps.append((property.name, field))
                case .value(let dataType):
                    type.values.append((field, add(owner.table, property.column ?? ""), dataType))
                case .quantity(let kind, _, let unitColumn):
                    let position = add(owner.table, property.column ?? "")
                    type.quantities.append((field, position, add(owner.table, unitColumn), kind))
                case .reference(let target, _, let index):
                    guard let target = DataModel.entity(target) else { throw StoreError(.unknownName(target)) }
                    let position = add(owner.table, property.column ?? "")
                    type.references.append(
                        LoadPlan.Reference(property.name, field: field, position: position, to: target))
                    if let index { _ = add(owner.table, index) }
                }
            }
        }
        return LoadPlan.RowType(type)
    }
}

extension ClassDescriptor {
    /// The number of each member, by name.
    var fieldNumbers: [String: Int] {
        Dictionary(allFields.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { $1 })
    }
}

extension Entity {
    /// Whether what refers to an object of this type is never loaded without it: OMERO's mapping loads references to
    /// abstract types at once, as the class is in the row only, and clients read the transforms of shapes without
    /// asking for them.
    fileprivate var isLoadedWithOthers: Bool { isAbstract || name == "AffineTransform" }

    /// The number of the member of the wire's class behind a property: what a graph's records are indexed by.
    public func field(_ property: String) -> Int? {
        guard let name = self.property(property)?.wireName else { return nil }
        return omeroModelTypes.classDescriptor(typeID)?.fieldNumbers[name]
    }
}
