import OMERO
import Testing

// Many gateways.
extension GuideTests {
    static func pools(_ guide: Guide) async throws {
        let configuration = guide.server.configuration("sample-member", "member-2")
        // snippet: pool
        var limits = PoolConfiguration()
        limits.maximum = 4
        limits.waitLimit = .seconds(10)
        let pool = BlitzGatewayPool(configuration, limits: limits)
        let names = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await pool.run() }
            defer { tasks.cancelAll() }
            return try await pool.withGateway { gateway in
                try await gateway.myGroups().map(\.name)
            }
        }
        // end
        #expect(names.count == 5)
        let gateway = try await BlitzGateway.connect(configuration)
        let key = gateway.sessionKey
        // snippet: pools
        let pools = BlitzGatewayPools(configuration, limits: limits)
        let user = try await pools.withGateway(for: .sessionKey(key)) { gateway in
            try await gateway.whoAmI().userName
        }
        // end
        #expect(user == "sample-member")
        #expect(pools.identityCount == 1)
        await gateway.close(.forEveryone)
    }
}
