import NIOCore
import NIOEmbedded
import Testing

@testable import Ice

@Suite("Accepted connections")
struct ListenerTests {
    @Test("a connection that breaks before Ice begins gives its place back, and once only")
    func brokenBeforeStart() async throws {
        try await withCommunicator { communicator in
            var limits = ObjectAdapterConfiguration()
            limits.connectionLimit = 1
            let adapter = try communicator.createObjectAdapter("test", configuration: limits)
            let endpoint = try #require(communicator.proxy("x:tcp -h 127.0.0.1 -p 1").reference.endpoints.first)
            for _ in 0..<2 {
                #expect(adapter.reserve())
                let channel = EmbeddedChannel()
                _ = try channel.finish()
                Listener.serve(channel, Listener.Template(endpoint, adapter), tls: nil)
                #expect(adapter.connections.isEmpty)
            }
            #expect(adapter.reserve())
            let hasMore = adapter.reserve()
            #expect(!hasMore, "a place was given back twice")
        }
    }

    @Test("an idle connection's buffer is small; a full read goes on with ordinary sizes, many small ones go back")
    func receiveSizes() {
        var allocator = ReceiveAllocator()
        #expect(allocator.nextBufferSize() == 256)
        for _ in 0..<10 {
            let mayGrow = allocator.record(actualReadBytes: 25)
            #expect(!mayGrow)
        }
        #expect(allocator.nextBufferSize() == 256)
        var sizes: [Int] = []
        for _ in 0..<7 {
            _ = allocator.record(actualReadBytes: allocator.nextBufferSize() ?? 0)
            sizes.append(allocator.nextBufferSize() ?? 0)
        }
        #expect(sizes == [2048, 4096, 8192, 16384, 32768, 65536, 65536])
        for _ in 0..<3 { _ = allocator.record(actualReadBytes: 25) }
        #expect(allocator.nextBufferSize() == 65536)
        // More than half: the size is right.
        _ = allocator.record(actualReadBytes: 40_000)
        for _ in 0..<4 * 8 { _ = allocator.record(actualReadBytes: 25) }
        #expect(allocator.nextBufferSize() == 256)
    }
}
