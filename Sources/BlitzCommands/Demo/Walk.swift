import OMERO
import OMEROModel
import OMEROServer
import Synchronization

/// The life of a session, step by step.
struct Walk {
    let server: OMEROServer
    let path: CuttablePath

    private let user = "sample-leader"
    private let colleague = "sample-member"

    func walk(_ stage: inout DemoStage) async throws {
        let gateway = try await logIn(&stage)
        do {
            try await lookAround(gateway, &stage)
            try await actAsAnother(gateway, &stage)
            try await loseAndRegain(gateway, &stage)
        } catch {
            await gateway.close()
            throw error
        }
        try await logOut(gateway, &stage)
    }

    // MARK: Steps

    private func logIn(_ stage: inout DemoStage) async throws -> BlitzGateway {
        try await stage.step(
            "Log in, over TLS",
            """
            var configuration = try GatewayConfiguration("127.0.0.1:\(path.port)", .password(user: "\(user)", password))
            let gateway = try await BlitzGateway.connect(configuration)
            """
        ) {
            var configuration = try GatewayConfiguration(
                "127.0.0.1:\(path.port)", .password(user: user, "leader-1"))
            if let fingerprint = CertificateFingerprint(server.certificateFingerprint) {
                configuration.trust = .pinned([fingerprint])
            }
            configuration.agent = "blitz demo"
            let gateway = try await BlitzGateway.connect(configuration)
            try expect(gateway.isEncrypted && gateway.isConnected, "the gateway is not connected")
            let report = gateway.report
            return (
                gateway,
                [
                    "\(report.tlsVersion ?? "?"), certificate SHA-256 \(report.certificateFingerprint?.prefix(23) ?? "")…",
                    report.steps.map { "\($0.phase.rawValue) \($0.duration.milliseconds) ms" }.joined(separator: ", "),
                ]
            )
        }
    }

    private func lookAround(_ gateway: BlitzGateway, _ stage: inout DemoStage) async throws {
        try await stage.step("Who am I?", "let me = try await gateway.whoAmI()") {
            let me = try await gateway.whoAmI()
            try expect(me.userName == user, "the user is \(me.userName)")
            return ((), ["\(me.userName), in \(me.groupName), \(me.isAdmin ? "an administrator" : "no administrator")"])
        }
        try await stage.step("My groups", "let groups = try await gateway.myGroups()") {
            let groups = try await gateway.myGroups()
            try expect(groups.count == 5, "there are \(groups.count) groups")
            return ((), groups.map { "\($0.name): \($0.level?.rawValue ?? "?")" })
        }
        let here = try await stage.step(
            "The projects in this group",
            "for try await project in gateway.objects(Project.self).ordered(by: .name) { print(try project.name) }"
        ) {
            var names: [String] = []
            for try await project in gateway.objects(Project.self).ordered(by: .name) { names.append(try project.name) }
            try expect(names.count == 3, "there are \(names.count) projects in this group")
            return (names.count, names)
        }
        try await stage.step(
            "The projects in all my groups: the same session, another context",
            "let projects = try await gateway.inAllGroups.objects(Project.self).all()"
        ) {
            let projects = try await gateway.inAllGroups.objects(Project.self).all()
            try expect(projects.count > here, "there are only \(projects.count) projects in all groups")
            let groups = Dictionary(grouping: projects) { $0.groupName ?? "?" }
            return ((), groups.sorted { $0.key < $1.key }.map { "\($0): \($1.count)" })
        }
    }

    private func actAsAnother(_ gateway: BlitzGateway, _ stage: inout DemoStage) async throws {
        try await stage.step(
            "Act as another user: this one leads the group, so it may",
            """
            try await gateway.withUser("\(colleague)", group: "sample-private") { other in
                let count = try await other.objects(Project.self).count()
            }
            """
        ) {
            let (name, count) = try await gateway.withUser(colleague, group: "sample-private") { other in
                let me = try await other.whoAmI()
                try expect(me.sudoer?.name == user, "nobody acts for \(me.userName)")
                return (me.userName, try await other.objects(Project.self).count())
            }
            try expect(name == colleague, "the other user is \(name)")
            try expect(count == 1, "the other user sees \(count) projects in a private group")
            return ((), ["\(name) sees \(count) project in that private group, not the 3 that its leader sees"])
        }
    }

    private func loseAndRegain(_ gateway: BlitzGateway, _ stage: inout DemoStage) async throws {
        try await stage.step(
            "Lose the connection, and be back in the same session: nothing needs to be done",
            """
            for await state in gateway.states { print(state.name) }  // in another task
            let me = try await gateway.whoAmI()                      // waits until the connection is there again
            """
        ) {
            let key = gateway.sessionKey
            let watched = Mutex<[String]>([])
            let watch = Task {
                for await state in gateway.states {
                    let text =
                        if case .retrying(let attempt, let delay) = state {
                            "retrying: attempt \(attempt) in \(delay.milliseconds) ms"
                        } else { state.name }
                    watched.withLock { if $0.last != text { $0.append(text) } }
                }
            }
            defer { watch.cancel() }
            path.cut()
            let mending = Task {
                try await Task.sleep(for: .milliseconds(500))
                path.mend()
            }
            let me = try await gateway.whoAmI()
            try await mending.value
            try expect(me.userName == user, "the user is \(me.userName)")
            try expect(gateway.sessionKey == key, "the session is another one")
            // The watcher may be a moment behind.
            for _ in 0..<200 where watched.withLock({ $0.last }) != "up" {
                try await Task.sleep(for: .milliseconds(10))
            }
            let states = watched.withLock { $0 }
            try expect(states.last == "up" && states.count > 2, "the states were \(states)")
            return (
                (), ["the cable was cut for half a second"] + states + ["the same session, and the call was answered"]
            )
        }
    }

    private func logOut(_ gateway: BlitzGateway, _ stage: inout DemoStage) async throws {
        try await stage.step("Log out", "await gateway.close()") {
            await gateway.close()
            try expect(!gateway.isConnected, "the gateway is still connected")
            for _ in 0..<500 where server.sessionCount > 0 { try await Task.sleep(for: .milliseconds(10)) }
            try expect(server.sessionCount == 0, "the server still has \(server.sessionCount) sessions")
            return ((), ["the server has no sessions left"])
        }
    }
}
