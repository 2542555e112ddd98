import OMERO
import OMEROServer
import Testing

@Suite struct PoolIdentityTests {
    @Test func `two identities never get each other's session, and a wrong password gets none`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let member = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(member) { member in
                let people: [(Credentials, String)] = [
                    (.password(user: "sample-leader", "leader-1"), "sample-leader"),
                    (.sessionKey(member.sessionKey), "sample-member"),
                ]
                let pools = BlitzGatewayPools(
                    server.gatewayConfiguration(.guest), limits: .few(3) { $0.maximumPerIdentity = 2 })
                let running = Task { try await pools.run() }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<40 {
                        let (credentials, name) = people[number % 2]
                        group.addTask {
                            try await pools.withGateway(for: credentials) { gateway in
                                let me = try await gateway.whoAmI().userName
                                #expect(me == name)
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(pools.identityCount == 2)
                #expect(pools.count <= 3)
                let wrong = await failure {
                    try await pools.withGateway(for: .password(user: "sample-leader", "wrong")) { _ in }
                }
                #expect(wrong?.kind == .wrongUserOrPassword)
                let nobody = await failure { try await pools.withGateway(for: .provider { .guest }) { _ in } }
                #expect(nobody?.kind == .badConfiguration)
                running.cancel()
                try await running.value
                #expect(pools.identityCount == 0)
                // A session that was joined stays when the pool leaves it.
                let me = try await member.whoAmI().userName
                #expect(me == "sample-member")
                #expect(server.sessionCount == 1)
            }
        }
    }

    @Test func `an identity that nobody uses vanishes`() async throws {
        try await OMEROServer.withServer { server in
            let pools = BlitzGatewayPools(
                server.gatewayConfiguration(.guest), limits: .few(2) { $0.idleLimit = .milliseconds(100) })
            let running = Task { try await pools.run() }
            let root = Credentials.provider { .password(user: "root", "omero") }
            let name = try await pools.withGateway(for: PoolIdentity("1"), root) { try await $0.whoAmI().userName }
            #expect(name == "root")
            try await eventually { pools.identityCount == 0 }
            #expect(pools.count == 0)
            #expect(server.sessionCount == 0)
            running.cancel()
            try await running.value
        }
    }
}
