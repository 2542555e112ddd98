public import IceEncoding
import Logging
import NIOCore
import NIOPosix
import Synchronization

/// The centre of an Ice program: holds the connections, makes proxies and object adapters.
///
/// ```swift
/// try await withCommunicator(configuration) { communicator in
///     let hello = try communicator.proxy("hello:tcp -h 127.0.0.1 -p 10000")
///     try await hello.ping()
/// }
/// ```
///
/// A communicator made by ``init(_:)`` needs a task that runs ``run()``: servants are carried out in its task tree.
public final class Communicator: ProxyBinding {
    /// What was configured.
    public let configuration: CommunicatorConfiguration
    let eventLoopGroup: any EventLoopGroup
    let outgoing: OutgoingConnections
    let observer: ConnectionObserver
    let tls: TLSContextCache
    let executors: EventLoopExecutors

    private struct State {
        var adapters: [ObjectAdapter] = []
        var router: Router?
        var isShutDown = false
    }
    private let state = Mutex(State())
    private let servantTasks = ServantTasks()

    public init(_ configuration: CommunicatorConfiguration = .init()) {
        self.configuration = configuration
        self.eventLoopGroup = configuration.eventLoopGroup ?? MultiThreadedEventLoopGroup.singleton
        self.outgoing = OutgoingConnections()
        self.observer = ConnectionObserver(logger: configuration.logger, metrics: configuration.metrics)
        self.tls = TLSContextCache()
        self.executors = configuration.eventLoopGroup == nil ? .ofSharedLoops : EventLoopExecutors()
    }

    /// Carries out what the peers ask of the servants, until ``shutdown()`` or until the task is cancelled; then
    /// closes everything.
    public func run() async {
        // Servants have the close time-out to end by themselves; one that is cancelled then should end at once.
        await servantTasks.run()
        await shutdown()
    }

    /// Carries out what the peers ask from now on, where the task that will call ``run()`` has something to do before.
    package func begin() { servantTasks.begin() }

    /// Whether ``shutdown()`` was called.
    public var isShutDown: Bool { state.withLock { $0.isShutDown } }

    /// Closes every connection and adapter in an orderly way, within the close time-out. May be called again.
    public func shutdown() async {
        let adapters = state.withLock { state in
            state.isShutDown = true
            defer { state.adapters = [] }
            return state.adapters
        }
        for adapter in adapters { await adapter.deactivate() }
        await outgoing.closeAll()
        servantTasks.finish()
        // Its proxy holds a connection, and that this communicator: neither would ever be freed.
        setRouter(nil)
    }

    /// Has `job` carried out by ``run()``. False when the communicator has ended.
    ///
    /// - Parameter executor: where; nil for the tasks' common threads.
    package func spawn(
        on executor: (any TaskExecutor)? = nil,
        _ job: @escaping @Sendable () async -> Void
    ) -> Bool {
        servantTasks.start(on: executor, job)
    }

    /// Carries out a conversation of many short messages without a hop between threads: on one of the communicator's
    /// event loops, each in its turn, where the connections that `body` makes are too. Code that is isolated to an actor
    /// stays there.
    package func onOneThread<Result, Failure>(
        _ body: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        let loop = eventLoopGroup.next()
        return try await withTaskExecutorPreference(executors.executor(for: loop)) { () async throws(Failure) in
            // The preference alone moves nothing before the next wait.
            await withUnsafeContinuation { continuation in loop.execute { continuation.resume() } }
            return try await body()
        }
    }

    // MARK: Proxies

    /// The proxy that a string describes.
    ///
    /// - Throws: `ReferenceParseError`.
    public func proxy(_ string: String) throws -> Proxy {
        proxy(try ProxyReference(parsing: string, defaults: configuration.references))
    }

    /// A proxy for what `reference` says, through the communicator's router if it has one.
    public func proxy(_ reference: ProxyReference) -> Proxy {
        Proxy(reference: reference, communicator: self, route: router.map { .routed($0) } ?? .direct)
    }

    // MARK: Router

    /// The router through which every proxy made from now on calls, unless it says otherwise.
    public var router: Router? { state.withLock { $0.router } }

    /// Sets ``router``; proxies that were made before keep theirs.
    public func setRouter(_ router: Router?) { state.withLock { $0.router = router } }

    // MARK: Adapters

    /// An object adapter. With endpoints it accepts connections once it is activated; without, it serves call-backs
    /// over connections that this side opened.
    ///
    /// - Throws: `ReferenceParseError`, ``IceError/Code/shutDown``.
    public func createObjectAdapter(
        _ name: String = "",
        endpoints: String = "",
        configuration: ObjectAdapterConfiguration = .init()
    ) throws -> ObjectAdapter {
        let list =
            try endpoints.isEmpty ? [] : Endpoint.list(parsing: endpoints, defaults: self.configuration.references)
        let adapter = ObjectAdapter(name: name, communicator: self, endpoints: list, configuration: configuration)
        let added = state.withLock { state in
            if !state.isShutDown { state.adapters.append(adapter) }
            return !state.isShutDown
        }
        guard added else { throw IceError(.shutDown, "the communicator has ended") }
        return adapter
    }

    func remove(_ adapter: ObjectAdapter) {
        state.withLock { $0.adapters.removeAll { $0 === adapter } }
    }
}

/// Runs `body` with a communicator that is closed on every way out.
public func withCommunicator<Result: Sendable>(
    _ configuration: CommunicatorConfiguration = .init(),
    _ body: @Sendable (Communicator) async throws -> Result
) async throws -> Result {
    let communicator = Communicator(configuration)
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await communicator.run() }
        do {
            let result = try await body(communicator)
            await communicator.shutdown()
            return result
        } catch {
            await communicator.shutdown()
            throw error
        }
    }
}
