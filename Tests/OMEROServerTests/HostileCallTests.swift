import Foundation
import Glacier2
import Ice
import IceEncoding
import OMEROAPI
import OMEROModel
import OMEROServer
import Testing

@Suite("Hostile input: calls", .serialized)
struct HostileCallTests {
    // MARK: Others' sessions

    @Test("servants of another session don't exist for a client that names them")
    func servantsOfOthers() async throws {
        try await withServer { server, ice in
            let victim = try await TestClient(ice, server)
            let servant = try await victim.admin().proxy.identity
            let attacker = try await TestClient(ice, server)
            await expectNothingThere { try await attacker.object(servant).ping() }
            await expectNothingThere { _ = try await IAdminPrx(attacker.object(servant)).getEventContext() }
            await expectNothingThere {
                try await attacker.object(Identity(name: "anything", category: victim.session)).ping()
            }
            try await victim.logOut()
            try await attacker.logOut()
        }
    }

    @Test("another client's service factory doesn't exist, even for a client that calls itself by the same id")
    func factoryOfOthers() async throws {
        try await withServer { server, ice in
            let victim = try await TestClient(ice, server, clientID: "same")
            let attacker = try await TestClient(ice, server, clientID: "same")
            #expect(victim.session != attacker.session)
            let factory = ServiceFactoryPrx(attacker.object(victim.factory.proxy.identity))
            await expectNothingThere { _ = try await factory.getAdminService() }
            await expectNothingThere { try await factory.destroy() }
            let isAnswered = try await victim.isAnswered()
            #expect(isAnswered)
            try await victim.logOut()
            try await attacker.logOut()
        }
    }

    @Test("a handle of another session doesn't exist")
    func handleOfOthers() async throws {
        try await withServer { server, ice in
            let victim = try await TestClient(ice, server)
            let handle = try await victim.factory.submit(req: Request(ListRequests.make()))
            let identity = try #require(handle?.proxy.identity)
            let attacker = try await TestClient(ice, server)
            await expectNothingThere { _ = try await HandlePrx(attacker.object(identity)).cancel() }
            try await victim.logOut()
            try await attacker.logOut()
        }
    }

    @Test("calls without a session find nothing and end the connection")
    func withoutSession() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let stranger = try ice.router(server).withIdentity(client.factory.proxy.identity)
            await expectRefusal(IceError.self) { try await stranger.ping() }
            let isAnswered = try await client.isAnswered()
            #expect(isAnswered)
            expectEqual(server.sessionCount, 1)
            try await client.logOut()
        }
    }

    @Test("keys of sessions that there are not are refused by name")
    func unknownKeys() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let sessions = try await client.sessions()
            for key in ["", "no key", "' OR ''='", String(repeating: "k", count: 1 << 20)] {
                await expectRefusal(RemovedSessionException.self) {
                    _ = try await sessions.getSession(sessionUuid: key)
                }
                await expectRefusal(RemovedSessionException.self) {
                    _ = try await sessions.getInputKeys(sess: key)
                }
            }
            try await client.logOut()
        }
    }

    // MARK: Contexts

    static let groups = [
        "abc", "1; DROP TABLE session", "1.5", "0x1", "99999999999999999999", "-9223372036854775809", "12345678",
        "-7", "1 OR 1=1", "\u{0}", "🦁", String(repeating: "9", count: 1 << 20),
    ]

    @Test("rubbish in a call's group or user is refused by an exception of OMERO's or passed over")
    func rubbishInContext() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let admin = try await client.admin()
            for (key, value) in ["omero.group", "omero.user", "omero.share"].flatMap({ key in
                Self.groups.map { (key, $0) }
            }) {
                let what = "\(key)=\(value.prefix(40))"
                do {
                    // Passed over means: as if it were not there.
                    let found = try await admin.getEventContext(context: [key: value])
                    #expect(found?.userName == "root", "\(what)")
                } catch let error as any ServerErrorProtocol {
                    #expect(!(error is InternalException), "\(what): \(error.message.prefix(300))")
                    #expect(!error.serverExceptionClass.isEmpty && error.message.utf8.count < 5000, "\(what)")
                } catch {
                    Issue.record("\(what): \(String(describing: error).prefix(300))")
                }
            }
            let isAnswered = try await client.isAnswered()
            #expect(isAnswered)
            try await client.logOut()
        }
    }

    // MARK: Names

    static let names = [
        "'); DROP TABLE experimenter; --", "' OR '1'='1", "\"quoted\"", "from ExperimenterGroup g where g.id = :id",
        "%", "_", "line\nbreak", "Löwe 🦁",
    ]

    @Test("SQL and HQL in names are names")
    func queriesInNames() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let admin = try await client.admin()
            for name in Self.names {
                await expectRefusal(ApiUsageException.self, name) { _ = try await admin.lookupGroup(name: name) }
                await expectRefusal(ApiUsageException.self, name) { _ = try await admin.lookupExperimenter(name: name) }
                let group = try await admin.createGroup(group: ExperimenterGroup.make { $0.name = name })
                let user = try await admin.createExperimenter(
                    user: .named(name), defaultGroup: .unloaded(group), groups: [.unloaded(1)])
                let foundGroup = try await admin.lookupGroup(name: name)
                expectEqual(try foundGroup?.name, name)
                let foundUser = try await admin.lookupExperimenter(name: name)
                expectEqual(foundUser?.id, user)
                expectEqual(try foundUser?.lastName, name)
            }
            try await client.logOut()
        }
    }

    @Test("a name of 1 MB is refused")
    func longNames() async throws {
        try await withServer { server, ice in
            let client = try await TestClient(ice, server)
            let admin = try await client.admin()
            let name = String(repeating: "n", count: 1 << 20)
            await expectRefusal((any ServerErrorProtocol).self, "group") {
                _ = try await admin.createGroup(group: ExperimenterGroup.make { $0.name = name })
            }
            await expectRefusal((any ServerErrorProtocol).self, "user") {
                _ = try await admin.createExperimenter(
                    user: .named(name), defaultGroup: .unloaded(0), groups: [.unloaded(1)])
            }
            await expectRefusal(ApiUsageException.self, "look-up") { _ = try await admin.lookupGroup(name: name) }
            try await client.logOut()
        }
    }
}

extension Experimenter {
    static func named(_ name: String) -> Experimenter {
        make { user in
            user.omeName = name
            user.firstName = name
            user.lastName = name
            user.ldap = false
        }
    }
}
