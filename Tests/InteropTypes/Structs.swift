// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public struct Point: GraphStorable, Hashable {
    public var x: Int32
    public var y: Int32

    public init(x: Int32, y: Int32) {
        self.x = x
        self.y = y
    }

    public static let sliceType = SliceType.structure(
        StructDescriptor(
            "::interop::Point",
            fields: [.init("x", .int), .init("y", .int)]
        )
    )
    public static var minimumWireSize: Int { 8 }

    public init(from stream: inout IceInputStream) throws(MarshalError) {
        x = try Int32(from: &stream)
        y = try Int32(from: &stream)
    }

    public func write(to stream: inout IceOutputStream) {
        x.write(to: &stream)
        y.write(to: &stream)
    }

    public init(graph reader: inout GraphReader) {
        x = reader.read()
        y = reader.read()
    }

    public func store(in writer: inout GraphWriter) {
        writer.store(x)
        writer.store(y)
    }
}

public struct Ident: GraphStorable, Hashable {
    public var name: String
    public var category: String

    public init(name: String, category: String) {
        self.name = name
        self.category = category
    }

    public static let sliceType = SliceType.structure(
        StructDescriptor(
            "::interop::Ident",
            fields: [.init("name", .string), .init("category", .string)]
        )
    )
    public static var minimumWireSize: Int { 2 }

    public init(from stream: inout IceInputStream) throws(MarshalError) {
        name = try String(from: &stream)
        category = try String(from: &stream)
    }

    public func write(to stream: inout IceOutputStream) {
        name.write(to: &stream)
        category.write(to: &stream)
    }

    public init(graph reader: inout GraphReader) {
        name = reader.read()
        category = reader.read()
    }

    public func store(in writer: inout GraphWriter) {
        writer.store(name)
        writer.store(category)
    }
}

public struct Label: GraphStorable, Hashable {
    public var text: String
    public var marks: [Int32]
    public var place: Point

    public init(text: String, marks: [Int32], place: Point) {
        self.text = text
        self.marks = marks
        self.place = place
    }

    public static let sliceType = SliceType.structure(
        StructDescriptor(
            "::interop::Label",
            fields: [.init("text", .string), .init("marks", .sequence(.int)), .init("place", Point.sliceType)]
        )
    )
    public static var minimumWireSize: Int { 10 }

    public init(from stream: inout IceInputStream) throws(MarshalError) {
        text = try String(from: &stream)
        marks = try [Int32](from: &stream)
        place = try Point(from: &stream)
    }

    public func write(to stream: inout IceOutputStream) {
        text.write(to: &stream)
        marks.write(to: &stream)
        place.write(to: &stream)
    }

    public init(graph reader: inout GraphReader) {
        text = reader.read()
        marks = reader.read()
        place = reader.read()
    }

    public func store(in writer: inout GraphWriter) {
        writer.store(text)
        writer.store(marks)
        writer.store(place)
    }
}

public struct Pair: GraphStorable, Hashable {
    public var first: Base?
    public var second: Base?

    public init(first: Base?, second: Base?) {
        self.first = first
        self.second = second
    }

    public static let sliceType = SliceType.structure(
        StructDescriptor(
            "::interop::Pair",
            fields: [.init("first", .instance("::interop::Base")), .init("second", .instance("::interop::Base"))]
        )
    )
    public static var minimumWireSize: Int { 2 }

    public init(from stream: inout IceInputStream) throws(MarshalError) {
        first = try Base?(from: &stream)
        second = try Base?(from: &stream)
    }

    public func write(to stream: inout IceOutputStream) {
        first.write(to: &stream)
        second.write(to: &stream)
    }

    public init(graph reader: inout GraphReader) {
        first = reader.read()
        second = reader.read()
    }

    public func store(in writer: inout GraphWriter) {
        writer.store(first)
        writer.store(second)
    }
}
