import IceEncoding

/// A member of an instance, read by what its descriptor says of its type alone.
enum MemberContent: Sendable {
    case scalar(String)
    case instance(ObjectReference?)
    case row([(name: String, content: MemberContent)])
    case list([MemberContent])
    case map([(key: String, content: MemberContent)])

    init(_ object: ObjectReference, _ field: Int, _ type: SliceType) {
        self = DynamicValue.$type.withValue(type) { (object[field] as DynamicValue).content }
    }
}

/// A value of the type that ``type`` is at the moment: graphs are read by static types only.
private struct DynamicValue: GraphStorable {
    @TaskLocal static var type = SliceType.bool

    let content: MemberContent

    init(graph reader: inout GraphReader) { content = Self.read(Self.type, &reader) }

    static func read(_ type: SliceType, _ reader: inout GraphReader) -> MemberContent {
        switch type {
        case .bool: .scalar("\(reader.read(Bool.self))")
        case .byte: .scalar("\(reader.read(UInt8.self))")
        case .short: .scalar("\(reader.read(Int16.self))")
        // An enumerator is kept as its number.
        case .int, .enumeration: .scalar("\(reader.read(Int32.self))")
        case .long: .scalar("\(reader.read(Int64.self))")
        case .float: .scalar(bits(reader.read(Float.self).bitPattern))
        case .double: .scalar(bits(reader.read(Double.self).bitPattern))
        case .string: .scalar(line(reader.read(String.self)))
        case .proxy: .scalar(reader.read(ProxyReference?.self).map(text) ?? "null")
        case .instance: .instance(reader.read(AnySliceObject?.self)?.object)
        case .structure(let structure): .row(structure.fields.map { ($0.name, read($0.type, &reader)) })
        case .sequence(let element): sequence(element, &reader)
        case .dictionary(let key, let value):
            DynamicKey.$type.withValue(key) {
                $type.withValue(value) {
                    .map(reader.read([DynamicKey: DynamicValue].self).map { ($0.key.text, $0.value.content) })
                }
            }
        }
    }

    private static func sequence(_ element: SliceType, _ reader: inout GraphReader) -> MemberContent {
        // Numbers are kept in one piece.
        switch element {
        case .bool: .list(reader.read([Bool].self).map { .scalar("\($0)") })
        case .byte: .scalar(reader.read([UInt8].self).map(bits).joined())
        case .short: .list(reader.read([Int16].self).map { .scalar("\($0)") })
        case .int: .list(reader.read([Int32].self).map { .scalar("\($0)") })
        case .long: .list(reader.read([Int64].self).map { .scalar("\($0)") })
        case .float: .list(reader.read([Float].self).map { .scalar(bits($0.bitPattern)) })
        case .double: .list(reader.read([Double].self).map { .scalar(bits($0.bitPattern)) })
        default: $type.withValue(element) { .list(reader.read([DynamicValue].self).map(\.content)) }
        }
    }

    // Never written, nor read from a message.
    static var sliceType: SliceType { .int }
    static var minimumWireSize: Int { 1 }
    init(from stream: inout IceInputStream) throws(MarshalError) { fatalError("only in graphs") }
    func write(to stream: inout IceOutputStream) { fatalError("only in graphs") }
    func store(in writer: inout GraphWriter) { fatalError("only for reading") }
}

/// The key of a dictionary, likewise.
private struct DynamicKey: GraphStorable, Hashable {
    @TaskLocal static var type = SliceType.bool

    let text: String

    init(graph reader: inout GraphReader) {
        switch DynamicValue.read(Self.type, &reader) {
        case .scalar(let text): self.text = text
        case .row(let fields):
            text = fields.map { if case .scalar(let text) = $0.content { text } else { "?" } }.joined(separator: ",")
        case .instance, .list, .map: text = "?"
        }
    }

    static var sliceType: SliceType { .int }
    static var minimumWireSize: Int { 1 }
    init(from stream: inout IceInputStream) throws(MarshalError) { fatalError("only in graphs") }
    func write(to stream: inout IceOutputStream) { fatalError("only in graphs") }
    func store(in writer: inout GraphWriter) { fatalError("only for reading") }
}

/// All digits of a number in base 16.
private func bits(_ value: some FixedWidthInteger) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: type(of: value).bitWidth / 4 - digits.count) + digits
}

/// On one line.
private func line(_ text: String) -> String { text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n") }

/// Without the encoding, as in encoding 1.0 a proxy's own doesn't travel.
func text(_ proxy: ProxyReference) -> String {
    proxy.description.replacing(" -e 1.0", with: "").replacing(" -e 1.1", with: "")
}
