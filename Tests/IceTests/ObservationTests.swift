import InMemoryTracing
import Metrics
import MetricsTestKit
import Testing
import Tracing

@testable import Ice

@Suite("Calls and connections are counted and traced")
struct ObservationTests {
    // MARK: Metrics

    @Test("both sides count connections, calls and bytes, and the bytes agree")
    func counters() async throws {
        let serverMetrics = TestMetrics()
        let clientMetrics = TestMetrics()
        try await withMetricsFactory(serverMetrics) {
            try await withCommunicator { server in
                let adapter = try server.createObjectAdapter("test", endpoints: "tcp -h 127.0.0.1 -p 0")
                try adapter.add(EchoServant(), identity: Identity(name: "echo"))
                try await adapter.activate()
                try await withMetricsFactory(clientMetrics) {
                    try await withCommunicator { client in
                        let echo = client.proxy(adapter.createProxy(Identity(name: "echo")).reference)
                        for number in 0..<5 { try await expectEqual(echo.echo("\(number)"), "\(number)") }
                        // An answer all the same: the call itself did not fail.
                        await expectError(.operationNotExist) { try await echo.invoke("nothing") }
                    }
                }
                try await expectEventually { serverMetrics.counterTotal(label: "ice.connections.closed") == 1 }
            }
        }
        #expect(clientMetrics.counterTotal(label: "ice.calls") == 6)
        #expect(clientMetrics.counterTotal(label: "ice.calls.failed") == 0)
        #expect(clientMetrics.counterTotal(label: "ice.dispatches") == 0)
        #expect(try clientMetrics.expectTimer("ice.call.duration").values.count == 6)
        #expect(try clientMetrics.expectTimer("ice.call.duration").values.allSatisfy { $0 > 0 })
        #expect(serverMetrics.counterTotal(label: "ice.dispatches") == 6)
        #expect(serverMetrics.counterTotal(label: "ice.calls") == 0)
        for metrics in [clientMetrics, serverMetrics] {
            #expect(metrics.counterTotal(label: "ice.connections.opened") == 1)
            #expect(metrics.counterTotal(label: "ice.connections.closed") == 1)
        }
        let sent = clientMetrics.counterTotal(label: "ice.bytes.sent")
        let received = clientMetrics.counterTotal(label: "ice.bytes.received")
        #expect(sent > 6 * 14 && received > 7 * 14)
        #expect(serverMetrics.counterTotal(label: "ice.bytes.received") == sent)
        #expect(serverMetrics.counterTotal(label: "ice.bytes.sent") == received)
    }

    @Test("failures and repetitions are counted apart, and nothing carries a label that tells who called whom")
    func failures() async throws {
        let metrics = TestMetrics()
        let peer = try await ScriptedServer.start(onRequest: { $0.peer.close() })
        try await withMetricsFactory(metrics) {
            try await withCommunicator { client in
                let echo = try client.proxy("secret:tcp -h 127.0.0.1 -p \(peer.port)")
                await expectError(.connectionLost) { try await echo.invoke("change", mode: .idempotent) }
            }
        }
        await peer.stop()
        #expect(metrics.counterTotal(label: "ice.calls") == 1)
        #expect(metrics.counterTotal(label: "ice.calls.failed") == 1)
        #expect(metrics.counterTotal(label: "ice.calls.retried") == 1)
        #expect(metrics.counterTotal(label: "ice.connections.opened") == 2)
        #expect(metrics.counters.allSatisfy(\.dimensions.isEmpty) && metrics.timers.allSatisfy(\.dimensions.isEmpty))
    }

    @Test("metrics that are switched off count nothing")
    func switchedOff() async throws {
        let metrics = TestMetrics()
        var quiet = CommunicatorConfiguration()
        quiet.metrics = false
        let configuration = quiet
        try await withMetricsFactory(metrics) {
            try await withEchoServer(server: configuration, client: configuration) { _, _, echo, _ in
                try await echo.ping()
            }
        }
        #expect(metrics.counters.isEmpty && metrics.timers.isEmpty)
    }

    // MARK: Tracing

    @Test("a call's span is the parent of the servant's, across the connection")
    func spans() async throws {
        let clientTracer = InMemoryTracer()
        let serverTracer = InMemoryTracer(idGenerator: .init(nextTraceID: { "server" }, nextSpanID: { "dispatch" }))
        var client = CommunicatorConfiguration()
        client.tracer = clientTracer
        var server = CommunicatorConfiguration()
        server.tracer = serverTracer
        try await withEchoServer(server: server, client: client) { _, _, _, slow in
            try await slow.invoke("count", write: { $0.write(Int32(1)) })
        }
        let call = try #require(clientTracer.popFinishedSpans().first { $0.operationName == "count" })
        let dispatch = try #require(serverTracer.popFinishedSpans().first { $0.operationName == "count" })
        #expect(call.kind == .client && dispatch.kind == .server)
        #expect(call.parentSpanID == nil)
        #expect(dispatch.traceID == call.traceID)
        #expect(dispatch.parentSpanID == call.spanID)
        for span in [call, dispatch] {
            #expect(span.attributes.get("rpc.system") == .string("ice"))
            #expect(span.attributes.get("rpc.method") == .string("count"))
            #expect(span.errors.isEmpty)
        }
    }

    @Test("a span holds the error of its call, and the trace goes on from the caller's own span")
    func spanErrors() async throws {
        let tracer = InMemoryTracer()
        var client = CommunicatorConfiguration()
        client.tracer = tracer
        client.retry = .never
        let peer = try await ScriptedServer.start(onRequest: { $0.peer.close() })
        try await withCommunicator(client) { client in
            let echo = try client.proxy("echo:tcp -h 127.0.0.1 -p \(peer.port)")
            _ = await tracer.withSpan("whole", context: .topLevel) { _ in
                await expectError(.connectionLost) { try await echo.invoke("change") }
            }
        }
        await peer.stop()
        let spans = tracer.popFinishedSpans()
        let whole = try #require(spans.first { $0.operationName == "whole" })
        let call = try #require(spans.first { $0.operationName == "change" })
        #expect(call.parentSpanID == whole.spanID)
        #expect(call.errors.count == 1)
        #expect((call.errors.first?.error as? IceError)?.code == .connectionLost)
    }

    @Test("the trace travels beside the call's own context, not in place of it")
    func tracedContext() async throws {
        var client = CommunicatorConfiguration()
        client.tracer = InMemoryTracer()
        client.implicitContext = ["who": "communicator"]
        try await withEchoServer(client: client) { _, _, echo, _ in
            func value(_ key: String) async throws -> String {
                try await echo.invoke("contextValue", write: { $0.write(key) }, read: { try $0.readString() })
            }
            try await expectEqual(value("who"), "communicator")
            let traceID = try await value(InMemoryTracer.traceIDKey)
            #expect(!traceID.isEmpty)
        }
    }
}
