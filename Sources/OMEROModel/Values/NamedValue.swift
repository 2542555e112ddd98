public import IceEncoding

/// A key and a value: an entry of a map annotation, or of another list in which keys may repeat.
public struct NamedValue: Sendable, Hashable {
    /// The key.
    public var name: String
    /// What belongs to the key.
    public var value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

extension NamedValue: BoxedValue {
    /// The class that carries it on the wire.
    public static let boxDescriptor = ClassDescriptor(
        "::omero::model::NamedValue",
        fields: [.init("name", .string), .init("value", .string)]
    )

    public init(box: BoxContent) { self.init(box[0], box[1]) }

    public func fill(_ box: RecordDraft) {
        box[0] = name
        box[1] = value
    }
}
