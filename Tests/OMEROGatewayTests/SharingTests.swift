import Foundation
import OMERO
import OMEROServer
import Synchronization
import Testing

/// One gateway, many tasks. `scripts/soak gateway` runs it for a minute, with the thread sanitizer.
@Suite struct SharingTests {
    static let seconds = Double(ProcessInfo.processInfo.environment["SWIFT_OMERO_SOAK_SECONDS"] ?? "") ?? 2

    @Test func `200 tasks in different groups each get the answers of their group`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-leader", "leader-1"))
            try await BlitzGateway.withConnection(configuration) { gateway in
                let groups = try await gateway.groups(ofUser: nil).filter { $0.name != "user" }
                #expect(groups.count == 4)
                let answers = Atomic<Int>(0)
                let wrong = Mutex<[String]>([])
                let end = ContinuousClock.now + .seconds(Self.seconds)
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for number in 0..<200 {
                        let group = groups[number % groups.count]
                        let scoped = gateway.inGroup(group.id)
                        tasks.addTask {
                            repeat {
                                let found = try await scoped.rows(
                                    "select p.details.group.id from Project p", as: Int64.self)
                                let me = try await scoped.whoAmI()
                                answers.add(2, ordering: .relaxed)
                                if found.isEmpty || found.contains(where: { $0 != group.id }) || me.groupID != group.id
                                {
                                    wrong.withLock { $0.append("\(group.name): \(found), \(me.groupName)") }
                                }
                            } while ContinuousClock.now < end
                        }
                    }
                    try await tasks.waitForAll()
                }
                #expect(wrong.withLock { $0 } == [])
                #expect(answers.load(ordering: .relaxed) >= 400)
                print("\(answers.load(ordering: .relaxed)) answers, each of its group")
            }
        }
    }
}
