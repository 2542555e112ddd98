/// A data member of a class, struct or exception.
public struct FieldDescriptor: Sendable, Hashable {
    /// As Slice has it.
    public let name: String
    /// What it holds.
    public let type: SliceType
    /// The tag of an optional member; nil for a required one.
    public let tag: Int32?

    public init(_ name: String, _ type: SliceType, tag: Int32? = nil) {
        self.name = name
        self.type = type
        self.tag = tag
    }
}

/// A Slice struct: a name and members.
public struct StructDescriptor: Sendable, Hashable {
    /// Such as `::omero::model::Project`.
    public let typeID: String
    /// The members, in the order of the declaration.
    public let fields: [FieldDescriptor]

    public init(_ typeID: String, fields: [FieldDescriptor]) {
        self.typeID = typeID
        self.fields = fields
    }
}

/// A Slice enumeration: a name and the numbers of its enumerators.
public struct EnumDescriptor: Sendable, Hashable {
    /// Such as `::omero::model::Project`.
    public let typeID: String
    /// The numbers of the enumerators, in the order of the declaration.
    public let values: [Int32]
    /// The largest number: it decides the width in encoding 1.0.
    public let maximum: Int32

    public init(_ typeID: String, values: [Int32]) {
        self.typeID = typeID
        self.values = values
        self.maximum = values.max() ?? 0
    }

    /// The enumeration that a Swift enum maps, case by case.
    public init<Cases: Collection>(_ typeID: String, cases: Cases)
    where Cases.Element: RawRepresentable, Cases.Element.RawValue == Int32 {
        self.init(typeID, values: cases.map(\.rawValue))
    }
}

/// A Slice class: what is needed to read, keep and write its instances.
///
/// Other classes are named by type id, so that tables may be cyclic; only the base is referred to directly.
public final class ClassDescriptor: Sendable {
    /// Such as `::omero::model::Project`.
    public let typeID: String
    /// The number that stands for the type id on the wire, if the class declares one.
    public let compactID: Int32?
    /// The class that it derives from; nil for one that derives from `Object` alone.
    public let base: ClassDescriptor?
    /// The members that the class itself declares.
    public let fields: [FieldDescriptor]
    /// Whether slices of unknown derived classes are kept and sent on (`["preserve-slice"]`, inherited).
    public let preservesSlices: Bool

    /// A number for its type id, in this process.
    package var number: Int { Int(layout.pointee.typeNumber) }

    // Raw memory that is written in `init` and only read afterwards, until `deinit`.
    nonisolated(unsafe) let layout: UnsafePointer<ClassLayout>
    private let memory: LayoutMemory

    /// A class with these members. Slices are preserved if the class or one of its bases says so.
    public init(
        _ typeID: String,
        compactID: Int32? = nil,
        base: ClassDescriptor? = nil,
        fields: [FieldDescriptor] = [],
        preservesSlices: Bool = false
    ) {
        self.typeID = typeID
        self.compactID = compactID
        self.base = base
        self.fields = fields
        self.preservesSlices = preservesSlices || base?.preservesSlices == true
        var compiler = LayoutCompiler()
        let layout = compiler.compile(
            typeID,
            compactID: compactID,
            base: base?.layout,
            fields: fields,
            preserves: self.preservesSlices
        )
        self.layout = UnsafePointer(layout)
        self.memory = compiler.finish()
        layout.pointee.descriptor = Unmanaged.passUnretained(self)
    }

    /// The type id of the root of all classes.
    public static let objectTypeID = "::Ice::Object"
    /// The root of all classes: an instance without members, or one of a class of which nothing is known.
    public static let object = ClassDescriptor(objectTypeID)

    /// All members, those of the most distant base first: the order in which they are numbered.
    public var allFields: [FieldDescriptor] { (base?.allFields ?? []) + fields }

    /// Whether instances of this class are instances of the class with that type id.
    public func isA(_ typeID: String) -> Bool {
        if typeID == Self.objectTypeID { return true }
        var descriptor: ClassDescriptor? = self
        while let current = descriptor {
            if current.typeID == typeID { return true }
            descriptor = current.base
        }
        return false
    }
}

/// A Slice exception: what is needed to read and write it.
public final class ExceptionDescriptor: Sendable {
    /// The exception that it derives from.
    public let base: ExceptionDescriptor?
    /// Exceptions travel as the slices of a class do; this is their layout.
    let record: ClassDescriptor

    public init(_ typeID: String, base: ExceptionDescriptor? = nil, fields: [FieldDescriptor] = []) {
        self.base = base
        self.record = ClassDescriptor(typeID, base: base?.record, fields: fields)
    }

    /// Such as `::omero::ServerError`.
    public var typeID: String { record.typeID }
    /// The members that the exception itself declares.
    public var fields: [FieldDescriptor] { record.fields }
    /// All members, those of the most distant base first: the order in which they are numbered.
    public var allFields: [FieldDescriptor] { record.allFields }

    /// The exception's own type id and those of its bases.
    public var typeIDs: [String] {
        var ids: [String] = []
        var descriptor: ExceptionDescriptor? = self
        while let current = descriptor {
            ids.append(current.typeID)
            descriptor = current.base
        }
        return ids
    }

    /// Whether the exception is, or derives from, the one with that type id.
    public func isA(_ typeID: String) -> Bool { typeIDs.contains(typeID) }

    /// Whether any member, inherited or not, can hold class instances: encoding 1.0 says so up front.
    var usesClasses: Bool { record.layout.pointee.usesClasses }
}
