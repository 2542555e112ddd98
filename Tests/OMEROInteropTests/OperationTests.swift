import Ice
import IceEncoding
import Testing

extension OMEROPeerTests {
    @Suite("Every operation of every interface is called")
    struct OperationTests {
        /// All operations, inherited ones counted again; the interfaces themselves have 623.
        private static let operations = 696
        /// Those that declare an exception.
        private static let throwing = 662

        @Test(
            "by Swift's proxies, of omero-py's servants: arguments, results, exceptions, contexts and time-outs",
            arguments: [EncodingVersion.v1_0, .v1_1])
        func ofPython(encoding: EncodingVersion) async throws {
            try await withJudge { judge, _ in
                var counts = Calls.Counts()
                let interfaces = try await judge.interfaces()
                for test in allInterfaces where interfaces.contains(test.id) {
                    let calls = Calls(judge.proxy.withIdentity(Identity(name: test.id)).withEncoding(encoding))
                    await test.call(calls)
                    counts.results += calls.counts.results
                    counts.exceptions += calls.counts.exceptions
                    counts.timeouts += calls.counts.timeouts
                }
                #expect(interfaces.count == 50)
                // 34 declare no exception; one interface has no operation.
                #expect(counts == .init(results: Self.operations, exceptions: Self.throwing, timeouts: 49))
            }
        }

        @Test("by omero-py's proxies, of Swift's servants", arguments: [EncodingVersion.v1_0, .v1_1])
        func ofSwift(encoding: EncodingVersion) async throws {
            try await withServants { test, judge in
                test.servant(Oracle(proxy: judge.proxy.withIdentity(Identity(name: test.id))))
            } body: { judge, servants in
                var counts = (results: 0, exceptions: 0)
                for (id, servant) in servants {
                    let report = try await judge.call("callAll", id, of: servant.withEncoding(encoding))
                    for failure in report.failures { Issue.record("\(failure)") }
                    let numbers = report.counts.split(separator: " ").compactMap { Int($0) }
                    try #require(numbers.count == 2)
                    counts.results += numbers[0]
                    counts.exceptions += numbers[1]
                }
                #expect(counts.results == Self.operations)
                #expect(counts.exceptions == Self.throwing)
            }
        }

        @Test("an operation that a servant leaves out answers omero-py that it does not exist")
        func leftOut() async throws {
            try await withServants { test, _ in
                test.emptyServant
            } body: { judge, servants in
                var count = 0
                for (id, servant) in servants {
                    let report = try await judge.call("callMissing", id, of: servant)
                    for failure in report.failures { Issue.record("\(failure)") }
                    count += report.counts.split(separator: " ").first.flatMap { Int($0) } ?? 0
                }
                #expect(count == Self.operations)
            }
        }

        /// Runs `body` with a servant for each interface, made by `make`, on an adapter of ours.
        private func withServants(
            _ make: @Sendable (any InterfaceTest.Type, Judge) -> any Servant,
            body: @Sendable (_ judge: Judge, _ servants: [(id: String, proxy: Proxy)]) async throws -> Void
        ) async throws {
            try await withJudge { judge, communicator in
                let adapter = try communicator.createObjectAdapter("servants", endpoints: "tcp -h 127.0.0.1 -p 0")
                let interfaces = try await judge.interfaces()
                let tests = allInterfaces.filter { interfaces.contains($0.id) }
                #expect(tests.count == 50)
                // Not the peer's identities: it must not mistake our objects for its own.
                let identity = { (id: String) in Identity(name: id, category: "swift") }
                for test in tests { try adapter.add(make(test, judge), identity: identity(test.id)) }
                try await adapter.activate()
                try await body(judge, tests.map { ($0.id, adapter.createProxy(identity($0.id))) })
            }
        }
    }
}
