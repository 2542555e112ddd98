import IceEncoding
import InteropTypes
import NIOCore

extension ByteBuffer {
    var hexDump: String { readableBytesView.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }
}

extension GoldenTests {
    /// How the value of a name in golden.cpp is read and written again.
    static func echo(for name: String) -> Echo? {
        if let echo = exact[name] { return echo }
        for (prefix, echo) in prefixes where name.hasPrefix(prefix) { return echo }
        return nil
    }

    private static func value<Value: SliceCodable>(_ type: Value.Type) -> Echo {
        { stream in
            let value = try Value(from: &stream)
            return Echoed(values: [value]) { $0.write(value) }
        }
    }

    private static func optional<Value: SliceCodable>(_ type: Value.Type, tag: Int32 = 1) -> Echo {
        { stream in
            let value = try stream.readOptional(tag: tag, as: Value.self)
            return Echoed(values: value.map { [$0] } ?? []) { $0.writeOptional(tag: tag, value) }
        }
    }

    private static var exact: [String: Echo] {
        var echoes: [String: Echo] = [
            "struct Point": value(Point.self), "struct Label": value(Label.self), "struct Ident": value(Ident.self),
            "sequence enum": value([Colour].self), "sequence Point": value([Point].self),
            "sequence Label": value([Label].self), "sequence of sequences": value([[String]].self),
            "sequence of dictionaries": value([[String: String]].self),
            "dictionary empty": value([String: String].self), "dictionary string string": value([String: String].self),
            "dictionary int string": value([Int32: String].self),
            "dictionary enum struct": value([Colour: Point].self),
            "dictionary long sequence": value([Int64: [Int32]].self), "dictionary int int": value([Int32: Int32].self),
            "optional class": optional(Base?.self), "optional class null": optional(Base?.self),
            "optional none": optional(Int32.self),
            "optional struct Point": optional(Point.self), "optional struct Label": optional(Label.self),
            "optional sequence enum": optional([Colour].self), "optional sequence Point": optional([Point].self),
            "optional sequence Label": optional([Label].self),
            "optional dictionary string string": optional([String: String].self),
            "optional proxy": optional(ProxyReference?.self), "optional proxy null": optional(ProxyReference?.self),
            "class Pair shared": value(Pair.self), "class Pair apart": value(Pair.self),
            "class Pair nulls": value(Pair.self), "class sequence": value([Base?].self),
            "class sequence empty": value([Base?].self), "class sequence Compact": value([AnySliceObject?].self),
            "class dictionary": value([String: Node?].self), "class graph 3": value([Item?].self),
            "class PUnknowX forwarded twice": value([AnySliceObject?].self),
        ]
        echoes["optional parameters"] = { stream in
            let required = try Int32(from: &stream)
            let a = try stream.readOptional(tag: 3, as: Int32.self)
            let b = try stream.readOptional(tag: 7, as: String.self)
            return Echoed(values: []) {
                $0.write(required)
                $0.writeOptional(tag: 3, a)
                $0.writeOptional(tag: 7, b)
            }
        }
        echoes["class parameters"] = { stream in
            let number = try Int32(from: &stream)
            let one = try Base?(from: &stream)
            let text = try String(from: &stream)
            let same = try Base?(from: &stream)
            let node = try Node?(from: &stream)
            return Echoed(values: [one as Any, same as Any, node as Any]) {
                $0.write(number)
                $0.write(one)
                $0.write(text)
                $0.write(same)
                $0.write(node)
            }
        }
        echoes["class parameters nulls"] = { stream in
            let base = try Base?(from: &stream)
            let number = try Int32(from: &stream)
            return Echoed(values: [base as Any]) {
                $0.write(base)
                $0.write(number)
            }
        }
        for tag: Int32 in [0, 29, 30, 31, 254, 255, 300] {
            echoes["optional tag \(tag)"] = optional(Int32.self, tag: tag)
        }
        return echoes
    }

    private static var prefixes: [(String, Echo)] {
        let size: Echo = { stream in
            let size = try stream.readSize()
            return Echoed(values: []) { $0.writeSize(size) }
        }
        let encapsulation: Echo = { stream in
            let encapsulation = try stream.readEncapsulation()
            return Echoed(values: []) { $0.write(encapsulation) }
        }
        return [
            ("size", size), ("encapsulation", encapsulation), ("proxy", value(ProxyReference?.self)),
            ("bool", value(Bool.self)), ("byte", value(UInt8.self)), ("short", value(Int16.self)),
            ("int", value(Int32.self)), ("long", value(Int64.self)), ("float", value(Float.self)),
            ("double", value(Double.self)), ("string", value(String.self)), ("enum byte", value(Colour.self)),
            ("enum short", value(Weight.self)), ("enum int", value(Distance.self)),
            ("sequence byte", value([UInt8].self)), ("sequence bool", value([Bool].self)),
            ("sequence short", value([Int16].self)), ("sequence int", value([Int32].self)),
            ("sequence long", value([Int64].self)), ("sequence float", value([Float].self)),
            ("sequence double", value([Double].self)), ("sequence string", value([String].self)),
            ("optional bool", optional(Bool.self)), ("optional byte", optional(UInt8.self)),
            ("optional short", optional(Int16.self)), ("optional int", optional(Int32.self)),
            ("optional long", optional(Int64.self)), ("optional float", optional(Float.self)),
            ("optional double", optional(Double.self)), ("optional string", optional(String.self)),
            ("optional enum byte", optional(Colour.self)), ("optional enum short", optional(Weight.self)),
            ("optional enum int", optional(Distance.self)), ("optional sequence byte", optional([UInt8].self)),
            ("optional sequence bool", optional([Bool].self)), ("optional sequence short", optional([Int16].self)),
            ("optional sequence int", optional([Int32].self)), ("optional sequence long", optional([Int64].self)),
            ("optional sequence double", optional([Double].self)),
            ("optional sequence string", optional([String].self)),
            ("optional dictionary int int", optional([Int32: Int32].self)),
            ("class", value(AnySliceObject?.self)),
        ]
    }
}
