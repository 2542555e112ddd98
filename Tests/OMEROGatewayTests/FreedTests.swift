@testable import Ice
import OMEROServer
import Testing

@testable import OMERO

@Suite struct FreedTests {
    @Test(arguments: [false, true])
    func `of a gateway that is closed nothing stays in memory`(withCallbacks: Bool) async throws {
        try await OMEROServer.withServer { server in
            let configuration = server.gatewayConfiguration(.password(user: "root", "omero"))
            weak var core: GatewayCore?
            weak var link: Link?
            weak var connection: Connection?
            weak var communicator: Communicator?
            do {
                let gateway = try await BlitzGateway.connect(configuration)
                core = gateway.core
                link = try gateway.core.linkNow()
                connection = link?.connection
                communicator = gateway.core.communicator
                // Call-backs are offered a tenth of a second after the log-in.
                if withCallbacks { try await Task.sleep(for: .milliseconds(400)) }
                await gateway.close()
            }
            for _ in 0..<600 where core != nil || link != nil || connection != nil || communicator != nil {
                try await Task.sleep(for: .milliseconds(5))
            }
            #expect(core == nil)
            #expect(link == nil)
            #expect(connection == nil)
            #expect(communicator == nil)
        }
    }
}
