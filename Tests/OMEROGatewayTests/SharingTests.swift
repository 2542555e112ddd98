import OMERO
import OMEROServer
import Synchronization
import Testing

/// What the tasks found.
private final class Tally: Sendable {
    private let state = Mutex((answers: 0, wrong: [String]()))
    var answers: Int { state.withLock { $0.answers } }
    var wrong: [String] { state.withLock { $0.wrong } }

    func add(_ mistake: String?) {
        state.withLock { state in
            state.answers += 1
            if let mistake { state.wrong.append(mistake) }
        }
    }
}

/// One gateway, many tasks. `scripts/soak gateway` does the same for a minute, with the thread sanitizer.
@Suite struct SharingTests {
    @Test func `200 tasks in different groups each get the answers of their group`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-leader", "leader-1"))
            try await BlitzGateway.withConnection(configuration) { gateway in
                let groups = try await gateway.myGroups().filter { $0.name != "user" }
                #expect(groups.count == 4)
                let tally = Tally()
                let end = ContinuousClock.now + .seconds(2)
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for number in 0..<200 {
                        let group = groups[number % groups.count]
                        let scoped = gateway.inGroup(group.id)
                        tasks.addTask {
                            repeat {
                                let found = try await scoped.rows(
                                    "select p.details.group.id from Project p", as: Int64.self)
                                let me = try await scoped.whoAmI()
                                let isRight = !found.isEmpty && found.allSatisfy { $0 == group.id }
                                tally.add(isRight && me.groupID == group.id ? nil : "\(group.name): \(found)")
                            } while ContinuousClock.now < end
                        }
                    }
                    try await tasks.waitForAll()
                }
                #expect(tally.wrong == [])
                #expect(tally.answers >= 200)
                print("\(tally.answers) answers, each of its group")
            }
        }
    }
}
