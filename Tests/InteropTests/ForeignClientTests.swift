import Testing

/// Real Ice clients against our server: 290 and more checks each.
@Suite("Real Ice clients call the Swift server", .needsPeers, .serialized)
struct ForeignClientTests {
    @Test(
        "every operation, over every transport, in both encodings, compressed and plain",
        arguments: ForeignPeer.allCases)
    func everything(peer: ForeignPeer) async throws {
        try await withSwiftServer(Transport.allCases) { proxies in
            for transport in Transport.allCases {
                for encoding in ["1.0", "1.1"] {
                    for compression in [[], ["--compress"]] {
                        try await expectSuccess(
                            peer,
                            [
                                "--proxy", proxies[transport] ?? "", "--encoding", encoding, "--certs",
                                Peers.certificates,
                            ]
                                + compression + ["--server-lacks-unknown"]
                        )
                    }
                }
            }
        }
    }
}
