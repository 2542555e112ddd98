import Foundation
import Ice
import OMEROAPI
import OMEROServer
import Synchronization
import Testing

@Suite("Load", .serialized)
struct LoadTests {
    @Test("100 sessions under calls, one client vanishing every second: no error, nothing left behind")
    func sessionsThatVanish() async throws {
        let errors = Mutex<[String]>.Shared([])
        let calls = Mutex<Int>.Shared(0)
        try await withServer { server, ice in
            let end = ContinuousClock.now + .seconds(20)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        // Every fifth client is one that vanishes, each in a second of its own.
                        let vanishes = number % 5 == 0
                        let client = try await TestClient(ice, server, secure: number % 10 == 1)
                        let last = vanishes ? end - .seconds(20 - number / 5) : end
                        let admin = try await client.admin()
                        var made = 0
                        // However slow the machine is, each has been there for some calls.
                        while made < 10 || .now < last {
                            do {
                                _ = try await admin.getEventContext()
                                made += 1
                                calls.mutex.withLock { $0 += 1 }
                            } catch {
                                errors.mutex.withLock { $0.append("\(number): \(error)") }
                                return
                            }
                            try await Task.sleep(for: .milliseconds(200))
                        }
                        if vanishes { client.connection.abort() } else { try await client.logOut() }
                    }
                }
                // Log-ins and log-outs all the while.
                group.addTask {
                    while .now < end {
                        let client = try await TestClient(ice, server)
                        _ = try await client.isAnswered()
                        try await client.logOut()
                    }
                }
                try await group.waitForAll()
            }
            expectEqual(errors.mutex.withLock { $0 }, [])
            #expect(calls.mutex.withLock { $0 } >= 1000)
            try await expectEventually {
                server.sessionCount == 0 && server.clientCount == 0 && server.servantCount == 0
            }
        }
    }

    @Test("400 log-ins and log-outs leave no session, no servant, and no memory worth speaking of")
    func manyLogins() async throws {
        try await withServer { server, ice in
            func logInAndOut(_ count: Int) async throws {
                for _ in 0..<count {
                    let client = try await TestClient(ice, server)
                    _ = try await client.isAnswered()
                    try await client.logOut()
                }
            }
            try await logInAndOut(100)
            let before = residentMemory()
            try await logInAndOut(300)
            try await expectEventually { server.sessionCount == 0 && server.servantCount == 0 }
            // Other suites run beside this one.
            #expect(residentMemory() - before < 64 << 20)
        }
    }
}
