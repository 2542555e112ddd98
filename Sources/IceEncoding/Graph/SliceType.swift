/// A Slice type, as the tables of classes, exceptions and structs describe it.
public indirect enum SliceType: Sendable, Hashable {
    case bool, byte, short, int, long, float, double, string
    case enumeration(EnumDescriptor)
    case structure(StructDescriptor)
    case sequence(SliceType)
    case dictionary(key: SliceType, value: SliceType)
    /// A proxy; the type id of its interface, or nil for any object.
    case proxy(String?)
    /// A class instance; the type id of its class.
    case instance(String)
}
