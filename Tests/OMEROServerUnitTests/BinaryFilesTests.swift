import Crypto
import Foundation
import NIOCore
import OMEROAPI
import Testing

@testable import OMEROServer

@Suite("The bytes of original files")
struct BinaryFilesTests {
    /// In memory and on disk: both behave alike.
    private func everywhere(_ body: (BinaryFiles) async throws -> Void) async throws {
        try await body(BinaryFiles(folder: nil))
        try await withFolder { try await body(BinaryFiles(folder: $0)) }
    }

    /// `#expect(actual == expected)` for calls: inside closures the macro hides their `try` from the compiler.
    private func equal<Value: Equatable>(
        _ actual: Value, _ expected: Value, sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(actual == expected, sourceLocation: sourceLocation)
    }

    private func text(_ files: BinaryFiles, _ id: Int64) async throws -> String {
        String(buffer: try await files.read(id, at: 0, length: 1000))
    }

    @Test("a thousand files are in a folder, where OMERO would have them")
    func layout() {
        let files = DiskFiles(folder: "/data")
        #expect(files.path(of: 7).file == "/data/Files/7")
        #expect(files.path(of: 999).file == "/data/Files/999")
        #expect(files.path(of: 1000).file == "/data/Files/Dir-001/1000")
        #expect(files.path(of: 1_234_567).file == "/data/Files/Dir-001/Dir-234/1234567")
        #expect(files.path(of: 1_000_000).file == "/data/Files/Dir-001/Dir-000/1000000")
    }

    @Test("what is written is read, from any place on, and a gap is zeros")
    func writing() async throws {
        try await everywhere { files in
            try await files.write(ByteBuffer(string: "hello world"), to: 5, at: 0)
            try await files.write(ByteBuffer(string: "W"), to: 5, at: 6)
            try await files.write(ByteBuffer(string: "!"), to: 5, at: 12)
            equal(try await text(files, 5), "hello World\0!")
            equal(try await files.size(of: 5), 13)
            #expect(String(buffer: try await files.read(5, at: 6, length: 5)) == "World")
            equal(try await files.read(5, at: 13, length: 5).readableBytes, 0)
            equal(try await files.read(5, at: .max, length: 5).readableBytes, 0)
        }
    }

    @Test("a file that was never written has no bytes, one that was made empty has none either, but is there")
    func missing() async throws {
        try await everywhere { files in
            equal(try await files.exists(5), false)
            await #expect(throws: ResourceError.self) { try await files.size(of: 5) }
            await #expect(throws: ResourceError.self) { try await files.read(5, at: 0, length: 1) }
            equal(try await files.truncate(5, to: 3), false)
            equal(try await files.truncate(5, to: 0), true)
            equal(try await files.exists(5), true)
            equal(try await files.size(of: 5), 0)
        }
    }

    @Test("a file is made shorter, never longer")
    func truncating() async throws {
        try await everywhere { files in
            try await files.write(ByteBuffer(string: "hello"), to: 5, at: 0)
            equal(try await files.truncate(5, to: 6), false)
            equal(try await files.truncate(5, to: 5), true)
            equal(try await files.truncate(5, to: 2), true)
            equal(try await text(files, 5), "he")
            // What was behind the end doesn't come back.
            try await files.write(ByteBuffer(string: "y"), to: 5, at: 3)
            equal(try await text(files, 5), "he\0y")
        }
    }

    @Test("positions and lengths that nobody can mean are refused, and cost nothing")
    func outOfRange() async throws {
        try await everywhere { files in
            try await files.write(ByteBuffer(string: "a"), to: 5, at: 0)
            for position in [-1, .min, .max, 1 << 40] as [Int64] {
                await #expect(throws: ApiUsageException.self) {
                    try await files.write(ByteBuffer(string: "b"), to: 5, at: position)
                }
            }
            await #expect(throws: ApiUsageException.self) { try await files.read(5, at: -1, length: 1) }
            await #expect(throws: ApiUsageException.self) { try await files.read(5, at: 0, length: -1) }
            await #expect(throws: ApiUsageException.self) { try await files.read(5, at: 0, length: .max) }
            await #expect(throws: ApiUsageException.self) { try await files.truncate(5, to: -1) }
            equal(try await files.size(of: 5), 1)
        }
    }

    @Test("checksums are those of all bytes, read in pieces")
    func checksums() async throws {
        try await everywhere { files in
            let bytes = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            try await files.write(ByteBuffer(bytes: bytes), to: 5, at: 0)
            let sha1 = try await files.seal(5, .sha1)
            let expected = Insecure.SHA1.hash(data: bytes).map { String(format: "%02x", $0) }.joined()
            #expect((sha1.size, sha1.hash) == (10_000_000, expected))
            try await files.write(ByteBuffer(string: "abc"), to: 6, at: 0)
            equal(try await files.seal(6, .md5).hash, "900150983cd24fb0d6963f7d28e17f72")
            equal(try await files.seal(6, .sha1).hash, "a9993e364706816aba3e25717850c26c9cd0d89d")
        }
    }

    @Test("removed bytes are gone, and to remove none is no error")
    func removing() async throws {
        try await everywhere { files in
            try await files.write(ByteBuffer(string: "a"), to: 1005, at: 0)
            try await files.remove([1005, 17, 123_456])
            equal(try await files.exists(1005), false)
        }
    }

    @Test("files and folders are their owner's alone, and a link is not followed out of the folder")
    func privacy() async throws {
        try await withFolder { path in
            let files = BinaryFiles(folder: path)
            try await files.write(ByteBuffer(string: "a"), to: 1005, at: 0)
            #expect(try permissions(path + "/Files/Dir-001/1005") == 0o600)
            #expect(try permissions(path + "/Files/Dir-001") == 0o700)
            try FileManager.default.createSymbolicLink(
                atPath: path + "/Files/7", withDestinationPath: path + "/Files/Dir-001/1005")
            await #expect(throws: ResourceError.self) { try await files.write(ByteBuffer(string: "b"), to: 7, at: 0) }
            equal(try await text(files, 1005), "a")
        }
    }

    @Test("how much room there is can be told, and what is free is a part of it")
    func space() async throws {
        try await everywhere { files in
            try await files.write(ByteBuffer(string: "abc"), to: 5, at: 0)
            let space = try await files.space()
            #expect(space.free > 0 && space.used > 0)
            #expect(space.free + space.used == space.total)
        }
        await #expect(throws: ResourceError.self) { try await BinaryFiles(folder: "/nowhere/at/all").space() }
    }

    @Test("what the operating system refuses is said without the server's folder")
    func refused() async throws {
        try await withFolder { path in
            try FileManager.default.createDirectory(
                atPath: path + "/Files/9", withIntermediateDirectories: true)
            let error = await #expect(throws: ResourceError.self) {
                try await BinaryFiles(folder: path).write(ByteBuffer(string: "b"), to: 9, at: 0)
            }
            #expect(error?.message.hasPrefix("the bytes of OriginalFile:9 cannot be written: ") == true)
            #expect(error?.message.contains(path) == false)
        }
    }
}
