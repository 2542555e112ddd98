// The basic types of Slice, as members of class instances.

extension Bool: GraphStorable {
    public init(graph reader: inout GraphReader) { self = reader.word() != 0 }
    public func store(in writer: inout GraphWriter) { writer.store(word: self ? 1 : 0) }
    public static var graphWordCount: Int { 1 }
    // From bytes, whose values other than 0 and 1 no `Bool` may have.
    public static func readSequence(graph reader: inout GraphReader) -> [Bool] {
        reader.numbers(UInt8.self).map { $0 != 0 }
    }
    public static func storeSequence(_ values: [Bool], in writer: inout GraphWriter) { writer.store(numbers: values) }
}

extension UInt8: GraphStorable {
    public init(graph reader: inout GraphReader) { self = UInt8(truncatingIfNeeded: reader.word()) }
    public func store(in writer: inout GraphWriter) { writer.store(word: UInt32(self)) }
    public static var graphWordCount: Int { 1 }
    public static func readSequence(graph reader: inout GraphReader) -> [UInt8] { reader.numbers() }
    public static func storeSequence(_ values: [UInt8], in writer: inout GraphWriter) { writer.store(numbers: values) }
}

extension Int16: GraphStorable {
    public init(graph reader: inout GraphReader) { self = Int16(truncatingIfNeeded: reader.word()) }
    public func store(in writer: inout GraphWriter) { writer.store(word: UInt32(UInt16(bitPattern: self))) }
    public static var graphWordCount: Int { 1 }
    public static func readSequence(graph reader: inout GraphReader) -> [Int16] { reader.numbers() }
    public static func storeSequence(_ values: [Int16], in writer: inout GraphWriter) { writer.store(numbers: values) }
}

extension Int32: GraphStorable {
    public init(graph reader: inout GraphReader) { self = Int32(bitPattern: reader.word()) }
    public func store(in writer: inout GraphWriter) { writer.store(word: UInt32(bitPattern: self)) }
    public static var graphWordCount: Int { 1 }
    public static func readSequence(graph reader: inout GraphReader) -> [Int32] { reader.numbers() }
    public static func storeSequence(_ values: [Int32], in writer: inout GraphWriter) { writer.store(numbers: values) }
}

extension Int64: GraphStorable {
    public init(graph reader: inout GraphReader) { self = Int64(bitPattern: reader.doubleWord()) }
    public func store(in writer: inout GraphWriter) { writer.store(doubleWord: UInt64(bitPattern: self)) }
    public static var graphWordCount: Int { 2 }
    public static func readSequence(graph reader: inout GraphReader) -> [Int64] { reader.numbers() }
    public static func storeSequence(_ values: [Int64], in writer: inout GraphWriter) { writer.store(numbers: values) }
}

extension Float: GraphStorable {
    public init(graph reader: inout GraphReader) { self = Float(bitPattern: reader.word()) }
    public func store(in writer: inout GraphWriter) { writer.store(word: bitPattern) }
    public static var graphWordCount: Int { 1 }
    public static func readSequence(graph reader: inout GraphReader) -> [Float] { reader.numbers() }
    public static func storeSequence(_ values: [Float], in writer: inout GraphWriter) { writer.store(numbers: values) }
}

extension Double: GraphStorable {
    public init(graph reader: inout GraphReader) { self = Double(bitPattern: reader.doubleWord()) }
    public func store(in writer: inout GraphWriter) { writer.store(doubleWord: bitPattern) }
    public static var graphWordCount: Int { 2 }
    public static func readSequence(graph reader: inout GraphReader) -> [Double] { reader.numbers() }
    public static func storeSequence(_ values: [Double], in writer: inout GraphWriter) { writer.store(numbers: values) }
}

extension String: GraphStorable {
    public init(graph reader: inout GraphReader) {
        let place = ObjectGraph.TextPlace(offset: reader.word(), count: Int(reader.word()))
        let arena = reader.arena
        // What came from a message was found to be UTF-8 when it was read.
        func text() -> String {
            arena.pointee.withBytes(at: place.offset, count: place.count) { String(decoding: $0, as: UTF8.self) }
        }
        self = place.count < Self.longText ? text() : reader.graph.text(at: place, text)
    }

    /// From so many bytes on a text stays with the graph once it was read; a shorter one takes hardly more memory than
    /// what names it.
    private static let longText = 256

    public func store(in writer: inout GraphWriter) {
        var text = self
        let (offset, count) = text.withUTF8 { (writer.builder.append(bytes: UnsafeRawBufferPointer($0)), $0.count) }
        writer.store(word: offset)
        writer.store(word: UInt32(count))
    }

    public static var graphWordCount: Int { 2 }
}
