import Ice
import InteropPeer
import InteropTypes
import Testing

/// Our client against real Ice servers.
@Suite("The Swift client calls real Ice servers", .needsPeers, .serialized)
struct SwiftClientTests {
    @Test(
        "every operation, over every transport, in both encodings, compressed and plain",
        arguments: ForeignPeer.allCases)
    func everything(peer: ForeignPeer) async throws {
        try await withForeignServer(peer, Transport.allCases) { communicator, proxies in
            for (_, proxy) in proxies {
                for encoding in [EncodingVersion.v1_0, .v1_1] {
                    for compress in [false, true] {
                        let calls = PeerCalls(proxy.withEncoding(encoding).compressed(compress))
                        try await calls.values()
                        try await calls.classes()
                        if encoding == .v1_1 { try await calls.optionals() }
                        try await calls.exceptions()
                        try await calls.unknownSlices()
                        try await calls.requests()
                        try await calls.callbacks(communicator)
                    }
                }
            }
        }
    }

    @Test("batches and time-outs", arguments: ForeignPeer.allCases)
    func calls(peer: ForeignPeer) async throws {
        try await withForeignServer(peer) { _, proxies in
            let proxy = try #require(proxies[.tcp])
            let calls = PeerCalls(proxy)
            let batch = PeerCalls(proxy.batchOneway())
            for number: Int32 in 1...10 { try await batch.send("count", number) }
            try await batch.proxy.flushBatchRequests()
            try await calls.expectCount(55)
            do {
                try await PeerCalls(proxy.withInvocationTimeout(.milliseconds(100))).send("sleep", 1000 as Int32)
                Issue.record("no time-out")
            } catch let error as IceError {
                #expect(error.code == .invocationTimeout)
            }
            try await proxy.ping()
        }
    }
}
