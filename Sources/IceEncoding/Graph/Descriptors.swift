public struct FieldDescriptor: Sendable, Hashable {
    public let name: String
    public let type: SliceType
    public let tag: Int32?
    public init(_ name: String, _ type: SliceType, tag: Int32? = nil) {
        self.name = name
        self.type = type
        self.tag = tag
    }
}
public struct StructDescriptor: Sendable, Hashable {
    public let typeID: String
    public let fields: [FieldDescriptor]
    public init(_ typeID: String, fields: [FieldDescriptor]) {
        self.typeID = typeID
        self.fields = fields
    }
}
public struct EnumDescriptor: Sendable, Hashable {
    public let typeID: String
    public let maximum: Int32
}
public struct TypeRegistry: Sendable {
    public static let empty = TypeRegistry()
}
struct InstanceReader: Sendable {}
struct InstanceWriter: Sendable {}
extension SliceType {
    var optionalFormat: OptionalFormat { .fsize }
    var isOwnVSize: Bool { false }
    func vsizeByteCount(of: some SliceCodable) -> Int { 0 }
}
extension IceInputStream { mutating func skipInstance() throws(MarshalError) {} }
