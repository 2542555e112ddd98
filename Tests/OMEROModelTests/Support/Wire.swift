import Foundation
import IceEncoding
import NIOCore
import OMEROModel

/// A way to write class instances: encoding and format.
enum WireForm: CaseIterable, Sendable {
    case v1_0, compact, sliced

    var encoding: EncodingVersion { self == .v1_0 ? .v1_0 : .v1_1 }
    var format: SliceFormat { self == .sliced ? .sliced : .compact }

    /// A parameter list of one value, with the instances that it refers to.
    func encode(_ value: some SliceCodable) throws -> ByteBuffer {
        var stream = IceOutputStream(encoding: encoding, format: format)
        value.write(to: &stream)
        stream.finishParameters()
        return try stream.finish()
    }

    func decode<Value: SliceCodable>(_ bytes: ByteBuffer, as type: Value.Type = Value.self) throws -> Value {
        var stream = IceInputStream(bytes, encoding: encoding, types: omeroModelTypes)
        let value = try Value(from: &stream)
        try stream.readPendingInstances()
        try stream.expectEnd()
        return value
    }

    func roundTrip<Value: SliceCodable>(_ value: Value) throws -> Value { try decode(encode(value)) }

    /// Through the wire and through a graph: the value as a member of an instance.
    func roundTrip(_ value: RValue?) throws -> RValue? {
        let inWire = try roundTrip(Box(value)).value
        let inGraph = GraphBuilder.build { builder in
            let list = builder.add(RList.self)
            builder[list.object][0] = [Box(value)]
            return list
        }
        let elements: [Box<RValue>] = try roundTrip(Optional(inGraph))?.object[0] ?? []
        guard elements.first?.value == inWire else { throw Mismatch() }
        return inWire
    }

    struct Mismatch: Error {}
}

/// What omero-py sent, as Data/record.py has recorded it: projects 10, 11, 12, one that is not loaded, and null.
func recordedResult(_ encoding: EncodingVersion) throws -> ByteBuffer {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let name = encoding == .v1_0 ? "Data/result-1.0.base64" : "Data/result-1.1.base64"
    let text = try Data(contentsOf: folder.appendingPathComponent(name))
    guard let bytes = Data(base64Encoded: text, options: .ignoreUnknownCharacters) else { throw WireForm.Mismatch() }
    return ByteBuffer(bytes: bytes)
}

/// A small generator with a seed, so that a failure can be repeated.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// The short form in `scripts/test`, the long one in `scripts/soak model`.
enum Effort {
    static let isLong = ProcessInfo.processInfo.environment["SWIFT_OMERO_SOAK"] != nil
    static func times(_ short: Int, long: Int) -> Int { isLong ? long : short }
}
