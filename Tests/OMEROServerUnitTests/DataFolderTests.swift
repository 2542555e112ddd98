import Foundation
import Testing

@testable import OMEROServer

/// Runs `body` with the path of a folder that is not there yet, and removes it.
func withFolder<Result>(_ body: (_ path: String) async throws -> Result) async throws -> Result {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("blitz-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try await body(path)
}

func permissions(_ path: String) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
}

@Suite("The data folder")
struct DataFolderTests {
    @Test("is made for its owner alone, and so are its files")
    func permissionsOfAll() async throws {
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path + "/deep/er"
            try await OMEROServer.withServer(configuration) { _ in
                #expect(try permissions(path + "/deep/er") == 0o700)
                for file in try FileManager.default.contentsOfDirectory(atPath: path + "/deep/er") {
                    #expect(try permissions(path + "/deep/er/" + file) == 0o600, "\(file)")
                }
            }
        }
    }

    @Test("belongs to one server at a time")
    func lock() async throws {
        try await withFolder { path in
            let first = try DataFolder(path)
            let error = #expect(throws: ServerError.self) { try DataFolder(path) }
            #expect(error?.reason == .dataFolderInUse)
            #expect(error?.description == "another server is running on the data folder \(path)")
            first.unlock()
            first.unlock()
            try DataFolder(path).unlock()
        }
    }

    @Test("a second server on it is refused, and the first goes on")
    func secondServer() async throws {
        try await withFolder { path in
            var configuration = ServerConfiguration.testing
            configuration.dataFolder = path
            try await OMEROServer.withServer(configuration) { [configuration] server in
                let error = await #expect(throws: ServerError.self) { try await OMEROServer.start(configuration) }
                #expect(error?.reason == .dataFolderInUse)
                let root = try await server.core.directory.user(named: "root")
                #expect(root?.id == 0)
            }
        }
    }

    @Test("a path that is a file is refused with its name")
    func file() async throws {
        try await withFolder { path in
            try Data().write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: ServerError.self) { try DataFolder(path) }
            #expect(error?.reason == .file)
            #expect(error?.description.contains(path) == true)
        }
    }

    @Test("keeps the certificate of the first start")
    func certificate() async throws {
        try await withFolder { path in
            let folder = try DataFolder(path)
            #expect(try folder.certificate() == nil)
            let made = try ServerCertificate.selfSigned(host: "127.0.0.1", now: Date())
            try folder.keep(made)
            let kept = try #require(try folder.certificate())
            #expect(kept.fingerprint == made.fingerprint)
            #expect(kept.privateKeyPEM == made.privateKeyPEM)
            #expect(try permissions(path + "/server.key") == 0o600)
        }
    }
}

@Suite("The server's certificate")
struct ServerCertificateTests {
    @Test("has a fingerprint of 32 bytes, as browsers show it")
    func fingerprint() throws {
        let certificate = try ServerCertificate.selfSigned(host: "127.0.0.1", now: Date())
        let bytes = certificate.fingerprint.split(separator: ":", omittingEmptySubsequences: false)
        #expect(bytes.count == 32)
        #expect(bytes.allSatisfy { $0.count == 2 && UInt8($0, radix: 16) != nil && $0 == $0.uppercased() })
    }

    @Test("the fingerprint is that of the certificate, whatever the key")
    func sameCertificate() throws {
        let first = try ServerCertificate.selfSigned(host: "omero.example.org", now: Date())
        let second = try ServerCertificate.selfSigned(host: "omero.example.org", now: Date())
        #expect(first.fingerprint != second.fingerprint)
        let mixed = try ServerCertificate(
            certificatePEM: first.certificatePEM, privateKeyPEM: second.privateKeyPEM)
        #expect(mixed.fingerprint == first.fingerprint)
    }

    @Test("a text that is no certificate is refused", arguments: ["", "rubbish", "-----BEGIN CERTIFICATE-----"])
    func rubbish(text: String) {
        #expect(throws: (any Error).self) { try ServerCertificate(certificatePEM: text, privateKeyPEM: "") }
    }
}
