import Metrics

/// What a pool counts. The only label is the name that the program gave the pool: never a user or a key.
struct PoolMeters: Sendable {
    /// Gateways that were lent.
    private let leases: Counter
    /// How long those had to wait that had to.
    private let waits: Timer
    /// Gateways that are open.
    private let open: Meter
    private let opened: Counter
    private let closed: Counter
    /// Openings and checks that failed.
    private let failures: Counter
    /// People who got no gateway.
    private let refusals: Counter

    init(pool name: String) {
        let dimensions = [("pool", name)]
        leases = Counter(label: "omero.pool.leases", dimensions: dimensions)
        waits = Timer(label: "omero.pool.wait.duration", dimensions: dimensions, preferredDisplayUnit: .milliseconds)
        open = Meter(label: "omero.pool.open", dimensions: dimensions)
        opened = Counter(label: "omero.pool.opened", dimensions: dimensions)
        closed = Counter(label: "omero.pool.closed", dimensions: dimensions)
        failures = Counter(label: "omero.pool.failures", dimensions: dimensions)
        refusals = Counter(label: "omero.pool.refusals", dimensions: dimensions)
    }

    func lent(waited: Duration) {
        leases.increment()
        if waited > .zero { waits.recordMilliseconds(waited.milliseconds) }
    }

    func failed() { failures.increment() }

    func refused() { refusals.increment() }

    func didOpen() {
        opened.increment()
        open.increment()
    }

    func didClose() {
        closed.increment()
        open.decrement()
    }
}
