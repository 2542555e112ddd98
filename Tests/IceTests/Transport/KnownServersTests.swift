@testable import Ice
import Foundation
import Testing

@Suite("Known servers")
struct KnownServersTests {
    static func print(_ byte: UInt8) -> CertificateFingerprint { CertificateFingerprint(ofCertificate: [byte]) }

    /// A file in a folder of its own that is removed afterwards.
    static func withFile(_ body: (KnownServersFile, URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "known-\(UInt64.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "servers")
        try body(KnownServersFile(path: file.path(percentEncoded: false)), file)
    }

    func behaves(_ store: any KnownServersStore) throws {
        #expect(try store.fingerprint(host: "a", port: 1) == nil)
        #expect(try store.remember(Self.print(1), host: "a", port: 1) == Self.print(1))
        #expect(try store.remember(Self.print(2), host: "A", port: 1) == Self.print(1))
        #expect(try store.remember(Self.print(3), host: "a", port: 2) == Self.print(3))
        #expect(try store.fingerprint(host: "a", port: 1) == Self.print(1))
        #expect(try store.fingerprint(host: "a", port: 2) == Self.print(3))
        try store.forget(host: "a", port: 1)
        #expect(try store.fingerprint(host: "a", port: 1) == nil)
        #expect(try store.fingerprint(host: "a", port: 2) == Self.print(3))
    }

    @Test("a store keeps the first fingerprint of each host and port until it is told to forget")
    func behaviour() throws {
        try behaves(InMemoryKnownServers())
        try Self.withFile { store, _ in try behaves(store) }
    }

    @Test("the file's folder is made where it is missing, and is its owner's alone")
    func missingFolder() throws {
        try Self.withFile { _, file in
            let inner = file.appending(path: "new/folder")
            let store = KnownServersFile(path: inner.appending(path: "servers").path(percentEncoded: false))
            #expect(try store.fingerprint(host: "a", port: 1) == nil)
            #expect(try store.remember(Self.print(1), host: "a", port: 1) == Self.print(1))
            #expect(try store.fingerprint(host: "a", port: 1) == Self.print(1))
            let attributes = try FileManager.default.attributesOfItem(atPath: inner.path(percentEncoded: false))
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
        }
    }

    @Test("the file has a line per server, keeps comments, and is its owner's alone")
    func file() throws {
        try Self.withFile { store, file in
            try Data("# mine\n\n".utf8).write(to: file)
            for host in ["omero.example.org", "::1", "a b\n%#é"] {
                #expect(try store.remember(Self.print(9), host: host, port: 4064) == Self.print(9))
                #expect(try store.fingerprint(host: host, port: 4064) == Self.print(9))
            }
            let lines = try String(contentsOf: file, encoding: .utf8).split(
                separator: "\n", omittingEmptySubsequences: false)
            #expect(lines.count == 6)
            #expect(lines[0] == "# mine")
            #expect(lines[2] == "omero.example.org 4064 \(Self.print(9))")
            let attributes = try FileManager.default.attributesOfItem(atPath: store.path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
        }
    }

    @Test("a line that is no server makes the file unusable, rather than a server unknown")
    func malformed() throws {
        try Self.withFile { store, file in
            try Data("a 1 \(Self.print(1))\nb 2 00:11\n".utf8).write(to: file)
            let error = KnownServersFile.Failure(path: store.path, reason: .malformedLine(2))
            #expect(throws: error) { try store.fingerprint(host: "b", port: 2) }
            #expect(throws: error) { try store.remember(Self.print(2), host: "b", port: 2) }
        }
    }

    @Test("what many threads remember at once is all there")
    func concurrent() throws {
        try Self.withFile { store, _ in
            DispatchQueue.concurrentPerform(iterations: 40) { index in
                _ = try? store.remember(Self.print(UInt8(index)), host: "h", port: index)
            }
            for index in 0..<40 {
                let known = try store.fingerprint(host: "h", port: index)
                #expect(known == Self.print(UInt8(index)))
            }
        }
    }

    @Test("fingerprints are read as tools print them")
    func fingerprints() {
        let print = Self.print(1)
        #expect(print.bytes.count == 32)
        #expect(CertificateFingerprint(print.description) == print)
        #expect(CertificateFingerprint("sha256:" + print.description.lowercased()) == print)
        #expect(CertificateFingerprint(print.description.filter { $0 != ":" }) == print)
        for text in ["", "00", "sha1:00", String(repeating: "g", count: 64), String(repeating: "0", count: 65)] {
            #expect(CertificateFingerprint(text) == nil)
        }
    }
}
