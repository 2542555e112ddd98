import Foundation
import Ice
import IceEncoding
import InteropProcess
import OMEROAPI
import OMEROModel
import Testing

/// omero-py, as `scripts/peers` has prepared it.
enum Peer {
    static let python = ProcessInfo.processInfo.environment["SWIFT_OMERO_PYTHON"] ?? ""

    /// The repository.
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func start(_ script: String, _ arguments: [String] = []) throws -> ForeignProcess {
        try ForeignProcess(python, ["-W", "ignore", root.appendingPathComponent(script).path] + arguments)
    }
}

extension Trait where Self == ConditionTrait {
    static var needsPeer: Self {
        .enabled(if: !Peer.python.isEmpty, "omero-py is not prepared: eval \"$(scripts/peers)\"")
    }
}

/// All tests with omero-py: one after the other, as each keeps a processor and a Python busy.
@Suite("omero-py and Swift agree", .needsPeer, .serialized)
struct OMEROPeerTests {}

/// Runs `body` with the judge of a new Tests/Interop/OMERO/peer.py.
func withJudge(_ body: @Sendable (_ judge: Judge, _ communicator: Communicator) async throws -> Void) async throws {
    let process = try Peer.start("Tests/Interop/OMERO/peer.py")
    defer { process.stop() }
    let published = try await process.line("READY", within: .seconds(120))
    var configuration = CommunicatorConfiguration()
    configuration.types = omeroTypes
    configuration.messageSizeMax = 64 << 20
    configuration.nestingLimit = 1000
    try await withCommunicator(configuration) { communicator in
        try await body(Judge(proxy: communicator.proxy(published)), communicator)
    }
}

/// The object that makes instances and exceptions in omero-py and compares what comes back.
struct Judge: Sendable {
    var proxy: Proxy

    /// The same, called in another encoding.
    func encoding(_ encoding: EncodingVersion) -> Judge { Judge(proxy: proxy.withEncoding(encoding)) }

    private func list(_ operation: String) async throws -> [String] {
        try await proxy.invoke(operation, mode: .idempotent) { try [String](from: &$0) }
    }

    /// Each `class how`.
    func cases() async throws -> [String] { try await list("cases") }
    func exceptions() async throws -> [String] { try await list("exceptions") }
    func interfaces() async throws -> [String] { try await list("interfaces") }

    /// An instance that Python has built, and what Python says of it.
    func build(_ name: String) async throws -> (object: AnySliceObject?, text: String) {
        try await proxy.invoke("build", mode: .idempotent) { stream in
            name.write(to: &stream)
        } read: { stream in
            let text = try String(from: &stream)
            return (try Optional<AnySliceObject>(from: &stream), text)
        }
    }

    /// What is wrong with an instance that Python has built and Swift sends back; nothing if it is the same.
    func check(_ name: String, _ object: AnySliceObject?, format: SliceFormat? = nil) async throws -> String {
        try await proxy.invoke("check", mode: .idempotent, format: format) { stream in
            name.write(to: &stream)
            object.write(to: &stream)
        } read: { stream in
            try String(from: &stream)
        }
    }

    /// Raises the exception of that type id.
    func fail(_ name: String) async throws {
        try await proxy.invoke("fail", mode: .idempotent) { name.write(to: &$0) }
    }

    func describeException(_ name: String) async throws -> String { try await ask("describeException", name) }

    /// What is wrong with what the operation `fail` of our servant throws.
    func `catch`(_ name: String, from servant: Proxy) async throws -> String {
        try await proxy.invoke("catch", mode: .idempotent) { stream in
            name.write(to: &stream)
            Optional(servant).write(to: &stream)
        } read: { stream in
            try String(from: &stream)
        }
    }

    /// Calls all operations (`callAll`, `callMissing`) of our servant: what went wrong, and how many they were.
    func call(_ operation: String, _ interface: String, of servant: Proxy) async throws -> (
        failures: [String], counts: String
    ) {
        let lines = try await proxy.invoke(operation, mode: .idempotent) { stream in
            interface.write(to: &stream)
            Optional(servant).write(to: &stream)
        } read: { stream in
            try [String](from: &stream)
        }
        return (lines.dropLast(), lines.last ?? "")
    }

    private func ask(_ operation: String, _ name: String) async throws -> String {
        try await proxy.invoke(operation, mode: .idempotent) { stream in
            name.write(to: &stream)
        } read: { stream in
            try String(from: &stream)
        }
    }
}
