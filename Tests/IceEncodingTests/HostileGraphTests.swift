import IceEncoding
import InteropTypes
import NIOCore
import Testing

#if canImport(Glibc)
    import Glibc
#endif

@Suite("Bytes that a hostile peer could send end as values or errors")
struct HostileGraphTests {
    /// A small generator with a seed, so that a failure can be repeated.
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
            return mixed ^ (mixed >> 31)
        }
    }

    /// Reads everything that was read, so that a bad index in the arena would show.
    private func touch(_ bytes: ByteBuffer, _ form: WireForm, types: TypeRegistry = interopTypes) -> Bool {
        do {
            guard let object = try form.decode(bytes, as: AnySliceObject.self, types: types) else { return true }
            _ = try? form.encode(object)
            #expect(object.isEquivalent(to: GraphBuilder.build { $0.copy(object) }))
            if let all = object.cast(to: AllTypes.self) {
                _ = (all.aString, all.ints, all.labels, all.stringNodes, all.dicts, all.proxies, all.longInts)
            }
            return true
        } catch {
            #expect(error is MarshalError)
            return false
        }
    }

    @Test("every truncation is an error", arguments: WireForm.allCases)
    func truncated(form: WireForm) throws {
        for sample in [AnySliceObject(sampleAllTypesMore()), AnySliceObject(ring(4))] {
            let bytes = try form.encode(sample)
            for count in 0..<bytes.readableBytes {
                let part = try #require(bytes.getSlice(at: bytes.readerIndex, length: count))
                #expect(!touch(part, form), "\(count) of \(bytes.readableBytes)")
            }
        }
    }

    @Test("changed bytes end as a value or an error", arguments: WireForm.allCases)
    func flipped(form: WireForm) throws {
        var random = Random(state: 42)
        for sample in [AnySliceObject(sampleAllTypesMore()), AnySliceObject(ring(4))] {
            let bytes = try form.encode(sample)
            for _ in 0..<1500 {
                var changed = bytes
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    let place = Int.random(in: 0..<bytes.readableBytes, using: &random)
                    changed.setInteger(UInt8.random(in: 0...255, using: &random), at: changed.readerIndex + place)
                }
                _ = touch(changed, form)
                _ = touch(changed, form, types: .empty)
            }
        }
    }

    @Test("rubbish ends as a value or an error", arguments: WireForm.allCases)
    func rubbish(form: WireForm) {
        var random = Random(state: 7)
        for _ in 0..<3000 {
            let count = Int.random(in: 0...60, using: &random)
            let bytes = ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) & 0x3F })
            _ = touch(bytes, form)
            var exception = IceInputStream(bytes, encoding: form.encoding, types: interopTypes)
            _ = try? exception.readException()
        }
    }

    private func decodeCompact(_ build: (inout IceOutputStream) -> Void) -> MarshalError? {
        var output = IceOutputStream()
        build(&output)
        do {
            _ = try WireForm.compact.decode(output.finish(), as: AnySliceObject.self)
            return nil
        } catch {
            return error as? MarshalError
        }
    }

    @Test("numbers of instances and types that were not introduced are errors")
    func indexes() {
        #expect(decodeCompact { $0.writeSize(2) }?.reason == .invalidInstanceIndex(2))
        #expect(decodeCompact { $0.writeSize(1_000_000) }?.reason == .invalidInstanceIndex(1_000_000))
        let badType = decodeCompact { stream in
            stream.write(1 as UInt8)
            stream.write(0x22 as UInt8)
            stream.writeSize(1)
        }
        #expect(badType?.reason == .invalidInstanceIndex(1))
        let zeroType = decodeCompact { stream in
            stream.write(1 as UInt8)
            stream.write(0x22 as UInt8)
            stream.writeSize(0)
        }
        #expect(zeroType?.reason == .invalidInstanceIndex(0))
    }

    @Test("an indirection table that refers outside of itself, or to nothing, is an error")
    func tables() throws {
        func bytes(next: UInt8, table: [UInt8]) throws -> ByteBuffer {
            var output = IceOutputStream()
            output.write(1 as UInt8)
            output.write(0x39 as UInt8)
            output.write("::interop::Node")
            let mark = output.startSize()
            output.write("")
            output.write(next)
            for _ in 0..<3 { output.write(0 as UInt8) }
            var buffer = try output.finish()
            buffer.setInteger(Int32(output.position - mark), at: mark, endianness: .little)
            buffer.writeBytes(table)
            return buffer
        }
        func reason(_ bytes: ByteBuffer) -> MarshalError.Reason? {
            do {
                _ = try WireForm.sliced.decode(bytes, as: Node.self)
                return nil
            } catch {
                return (error as? MarshalError)?.reason
            }
        }
        // One entry, the instance itself: a cycle through the table is legal.
        #expect(try reason(bytes(next: 1, table: [1, 2])) == nil)
        #expect(try reason(bytes(next: 2, table: [1, 2])) == .invalidInstanceIndex(2))
        #expect(try reason(bytes(next: 1, table: [1, 3])) == .invalidInstanceIndex(3))
        #expect(try reason(bytes(next: 1, table: [0])) == .invalidSlice)
        #expect(try reason(bytes(next: 1, table: [200])) == .invalidSize(200))
    }

    @Test("a count of elements that the input cannot hold is an error before anything is allocated")
    func counts() {
        let error = decodeCompact { stream in
            stream.write(1 as UInt8)
            stream.write(0x21 as UInt8)
            stream.write("::interop::Node")
            stream.write("")
            stream.write(0 as UInt8)
            stream.writeSize(Int(Int32.max))
        }
        #expect(error?.reason == .invalidSize(Int(Int32.max)))
        #expect(error?.path == "::interop::Node.children")
        var stream = IceInputStream(ByteBuffer(bytes: [255, 255, 255, 255, 127]), encoding: .v1_0, types: interopTypes)
        #expect(throws: MarshalError.self) { _ = try [Node?](from: &stream) }
    }

    @Test("instances nested deeper than the limit are an error")
    func depth() throws {
        let bytes = try WireForm.compact.encode(ring(50))
        var stream = IceInputStream(bytes, types: interopTypes)
        stream.instanceDepthLimit = 49
        let error = #expect(throws: MarshalError.self) { _ = try Node?(from: &stream) }
        #expect(error?.reason == .nestingTooDeep(limit: 49))
        stream = IceInputStream(bytes, types: interopTypes)
        stream.instanceDepthLimit = 50
        #expect(throws: Never.self) { _ = try Node?(from: &stream) }
    }

    @Test("in encoding 1.0 an instance that never comes, or comes twice, is an error")
    func pending() throws {
        var bytes = ByteBuffer(bytes: [0xFF, 0xFF, 0xFF, 0xFF, 0])
        var error = #expect(throws: MarshalError.self) { try WireForm.v1_0.decode(bytes, as: Node.self) }
        #expect(error?.reason == .invalidInstanceIndex(1))
        bytes = try WireForm.v1_0.encode(GraphBuilder.build { $0.add(Empty.self) })
        // The batch without its end and without its count, once more.
        let instance = try #require(bytes.getSlice(at: bytes.readerIndex + 5, length: bytes.readableBytes - 6))
        bytes.moveWriterIndex(to: bytes.writerIndex - 1)
        bytes.writeInteger(1 as UInt8)
        bytes.writeImmutableBuffer(instance)
        bytes.writeInteger(0 as UInt8)
        error = #expect(throws: MarshalError.self) { try WireForm.v1_0.decode(bytes, as: Empty.self) }
        #expect(error?.reason == .invalidInstanceIndex(1))
    }

    @Test("strings that are not UTF-8 are errors")
    func utf8() {
        let bad: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC3], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xFF],
            Array("12345678".utf8) + [0xE2, 0x82],
        ]
        for bytes in bad {
            let error = decodeCompact { stream in
                stream.write(1 as UInt8)
                stream.write(0x21 as UInt8)
                stream.write("::interop::Node")
                stream.write(bytes: ByteBuffer(bytes: bytes))
                for _ in 0..<4 { stream.write(0 as UInt8) }
            }
            #expect(error?.reason == .invalidUTF8, "\(bytes)")
            #expect(String(validating: bytes, as: UTF8.self) == nil)
        }
    }

    #if os(Linux)
        @Test("a cyclic graph read a hundred thousand times leaves the memory as it was")
        func memory() throws {
            func resident() throws -> Int {
                let file = try #require(fopen("/proc/self/statm", "r"))
                defer { fclose(file) }
                var line = [CChar](repeating: 0, count: 256)
                fgets(&line, 256, file)
                let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                return try #require(Int(text.split(separator: " ")[1])) * 4096
            }
            let bytes = try WireForm.compact.encode(ring(5))
            for _ in 0..<2000 { _ = try WireForm.compact.decode(bytes, as: Node.self) }
            var growth: [Int] = []
            for _ in 0..<5 {
                let before = try resident()
                for _ in 0..<20_000 {
                    let node = try WireForm.compact.decode(bytes, as: Node.self)
                    #expect(node != nil)
                }
                growth.append(try resident() - before)
            }
            // A leak of one graph each time would be more than 10 MB in every round. Other tests run in this process at the
            // same time, and take memory in some.
            #expect(growth.contains { $0 < 5_000_000 }, "\(growth)")
        }
    #endif
}
