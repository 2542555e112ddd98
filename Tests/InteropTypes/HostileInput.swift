import IceEncoding
import NIOCore

/// Decodes arbitrary bytes as every kind of value: for the fuzzer (`Fuzz/FuzzDecoder`) and the tests that replay its
/// corpus. The first byte picks encoding and kind.
public enum HostileInput {
    public static func decode(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let encoding: EncodingVersion = first & 1 == 0 ? .v1_1 : .v1_0
        let kind = first >> 1
        var stream = IceInputStream(
            ByteBuffer(bytes: input.dropFirst()),
            encoding: encoding,
            types: interopTypes
        )
        do {
            switch kind % 16 {
            case 0: try walk(AnySliceObject?(from: &stream), &stream)
            case 1: try walk(AllTypesMore?(from: &stream), &stream)
            case 2: try walk(Node?(from: &stream), &stream)
            case 3: try walk(Preserved?(from: &stream), &stream)
            case 4: try walk(Optionals?(from: &stream), &stream)
            case 5: _ = try stream.readException()
            case 6: _ = try [Item?](from: &stream)
            case 7: _ = try [String: Node?](from: &stream)
            case 8: _ = try [Label](from: &stream)
            case 9: _ = try [[String]](from: &stream)
            case 10: _ = try [ProxyReference?](from: &stream)
            case 11: _ = try [Endpoint](from: &stream)
            case 12: _ = try Pair(from: &stream)
            case 13:
                _ = try stream.readOptional(tag: 1, as: Int32.self)
                _ = try stream.readOptional(tag: 3, as: [String].self)
                _ = try stream.readOptional(tag: 30, as: Base?.self)
            case 14: _ = try stream.readEncapsulation()
            default:
                let text = try stream.readString()
                if let reference = try? ProxyReference(parsing: text) { _ = reference.description }
                _ = try? Identity(parsing: text)
            }
            try stream.finish()
        } catch {
            // An error is an answer.
        }
    }

    /// Reads an instance through, and writes it again in every form.
    private static func walk<Class: SliceClass>(_ instance: Class?, _ stream: inout IceInputStream) throws {
        try stream.finish()
        guard let instance else { return }
        for (encoding, format) in [
            (EncodingVersion.v1_0, SliceFormat.compact), (.v1_1, .compact), (.v1_1, .sliced),
        ] {
            var output = IceOutputStream(encoding: encoding, format: format)
            output.write(instance as Class?)
            output.finishParameters()
            _ = try output.finish()
        }
        _ = instance.isEquivalent(to: instance)
        if let all = instance.object.cast(to: AllTypes.self) {
            _ = (all.strings, all.labels, all.stringNodes, all.nodes, all.longInts, all.aColour)
        }
    }
}
