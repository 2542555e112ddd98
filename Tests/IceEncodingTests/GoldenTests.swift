import Foundation
import IceEncoding
import InteropProcess
import InteropTypes
import NIOCore
import Testing

/// What real Ice (C++ 3.7) makes of named values: each line is read, and what was read is written again and must be
/// the same bytes. Needs the foreign peers: `eval "$(scripts/peers)"`.
@Suite(
    "Bytes of real Ice",
    .enabled(if: ProcessInfo.processInfo.environment["SWIFT_OMERO_PEERS"] != nil, "needs the foreign peers")
)
struct GoldenTests {
    struct Line: Decodable {
        var name: String
        var encoding: String
        var format: String
        var hex: String

        var version: EncodingVersion { encoding == "1.0" ? .v1_0 : .v1_1 }
        var bytes: ByteBuffer {
            let digits = Array(hex.utf8).map { $0 < 58 ? $0 - 48 : $0 - 87 }
            return ByteBuffer(bytes: stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] })
        }
    }

    /// C++11 of Ice 3.7 reads compact type ids but writes whole ones: so do instances of these classes.
    static let types: TypeRegistry = {
        let compact = ClassDescriptor("::interop::Compact", fields: Compact.descriptor.fields)
        let derived = ClassDescriptor(
            "::interop::CompactDerived",
            base: compact,
            fields: CompactDerived.descriptor.fields
        )
        return interopTypes.merging(TypeRegistry(descriptors: [compact, derived]))
    }()

    /// What was read from a line: the values, and how they are written.
    struct Echoed {
        var values: [Any]
        var write: (inout IceOutputStream) -> Void
    }
    typealias Echo = (inout IceInputStream) throws -> Echoed

    static func lines() async throws -> [Line] {
        let folder = try #require(ProcessInfo.processInfo.environment["SWIFT_OMERO_PEERS"])
        let text = try await ForeignProcess.output(of: folder + "/golden")
        return try text.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
    }

    func run(_ line: Line, _ bytes: ByteBuffer, _ echo: Echo) throws -> (bytes: ByteBuffer, values: [Any]) {
        var input = IceInputStream(bytes, encoding: line.version, types: Self.types)
        let echoed = try echo(&input)
        try input.finish()
        var output = IceOutputStream(encoding: line.version, format: line.format == "sliced" ? .sliced : .compact)
        echoed.write(&output)
        output.finishParameters()
        return (try output.finish(), echoed.values)
    }

    /// Ice orders the instances of a batch by their addresses. Where our bytes differ, they must hold the same graphs:
    /// as long, equivalent from every root, and written by us as they are.
    private func isReordered(_ line: Line, _ ours: (bytes: ByteBuffer, values: [Any]), _ echo: Echo) throws -> Bool {
        guard line.version == .v1_0, line.name.contains("class"),
            ours.bytes.readableBytes == line.bytes.readableBytes
        else { return false }
        let again = try run(line, ours.bytes, echo)
        let roots = ours.values.flatMap(Self.roots)
        let rootsAgain = again.values.flatMap(Self.roots)
        return !roots.isEmpty && roots.count == rootsAgain.count
            && zip(roots, rootsAgain).allSatisfy { $0.isEquivalent(to: $1) } && again.bytes == ours.bytes
    }

    /// The instances that a value holds.
    private static func roots(_ value: Any) -> [ObjectReference] {
        switch value {
        case let instance as any SliceClass: [instance.object]
        case let nodes as [String: Node?]: nodes.sorted { $0.key < $1.key }.compactMap(\.value?.object)
        default: Mirror(reflecting: value).children.flatMap { roots($0.value) }
        }
    }

    @Test("every value is read, and written as real Ice writes it")
    func everyLine() async throws {
        var compared = 0
        var reordered = 0
        for line in try await Self.lines() {
            let place: Comment = "\(line.name) \(line.encoding) \(line.format)"
            if try expectedFailure(line, place) { continue }
            if line.name.hasPrefix("exception") {
                try exception(line, place)
                compared += 1
                continue
            }
            let echo = try #require(Self.echo(for: line.name), place)
            do {
                let ours = try run(line, line.bytes, echo)
                let bytes = ours.bytes
                compared += 1
                if bytes == line.bytes { continue }
                if try isReordered(line, ours, echo) {
                    reordered += 1
                    continue
                }
                if line.version == .v1_0, bytes.readableBytes == 0, line.bytes.hexDump == "00" {
                    // `golden` ends every list of instances. An operation whose only classes are optional has no such
                    // list in encoding 1.0, as real clients and servers of both releases show.
                    continue
                }
                #expect(ByteBuffer(bytes: bytes.readableBytesView).hexDump == line.bytes.hexDump, place)
            } catch {
                Issue.record("\(place): \(error)")
            }
        }
        #expect(compared > 300)
        #expect(reordered < 25)
    }

    /// Types that only the peers have, where no base's slice can be had.
    private func expectedFailure(_ line: Line, _ place: Comment) throws -> Bool {
        if line.name == "exception Undeclared" || line.name == "exception Undeclared by 3.7"
            || line.name.hasPrefix("exception UnknownFailure") && line.format == "compact"
        {
            var stream = IceInputStream(line.bytes, encoding: line.version, types: interopTypes)
            let error = #expect(throws: MarshalError.self, place) { _ = try stream.readException() }
            guard case .unknownException = error?.reason else {
                Issue.record("\(place): \(String(describing: error))")
                return true
            }
            return true
        }
        if line.name == "class Unknown1" || line.name == "class PUnknown" {
            var stream = IceInputStream(line.bytes, encoding: line.version, types: interopTypes)
            if line.format == "compact" {
                let error = #expect(throws: MarshalError.self, place) { _ = try AnySliceObject?(from: &stream) }
                #expect(error?.reason == .unknownClass("::interop::" + line.name.dropFirst(6)), place)
                return true
            }
            let object = try AnySliceObject?(from: &stream)
            try stream.finish()
            if line.name == "class Unknown1" { #expect(object?.cast(to: Base.self)?.b == 7, place) }
            if line.name == "class PUnknown" { #expect(object?.cast(to: Preserved.self)?.p == 5, place) }
            return line.name == "class Unknown1" || line.version == .v1_0
        }
        return line.name == "class Unknown1"
    }

    private func exception(_ line: Line, _ place: Comment) throws {
        var input = IceInputStream(line.bytes, encoding: line.version, types: interopTypes)
        let exception = try input.readException()
        try input.finish()
        if line.name.contains("UnknownFailure") {
            #expect((exception as? Failure)?.reason == "unknownUser", place)
            return
        }
        // C++ of Ice 3.7 forgets the flag of the last slice.
        if line.name.hasSuffix("by 3.7") { return }
        var output = IceOutputStream(encoding: line.version, format: line.format == "sliced" ? .sliced : .compact)
        output.write(exception)
        let bytes = try output.finish()
        if line.version == .v1_0, line.name.contains("ring") {
            // Its instances come in another order.
            #expect(bytes.readableBytes == line.bytes.readableBytes, place)
            var again = IceInputStream(bytes, encoding: line.version, types: interopTypes)
            let ring = try #require((exception as? DetailedFailure)?.where, place)
            let ringAgain = try #require((again.readException() as? DetailedFailure)?.where, place)
            #expect(ring.isEquivalent(to: ringAgain), place)
        } else {
            #expect(bytes.hexDump == line.bytes.hexDump, place)
        }
        if let detailed = exception as? DetailedFailure {
            #expect(detailed.reason == "detailed" && detailed.code == 17, place)
        }
    }
}
