/// How many gateways a pool has, how long they live, and how long one waits for them.
public struct PoolConfiguration: Hashable, Sendable {
    /// The pool's name in metrics, as the value of their only label `pool`.
    public var name = "default"
    /// The most gateways at a time, over all identities: from before they are opened until they are closed.
    public var maximum = 16
    /// The most gateways at a time for one identity. Only ``BlitzGatewayPools`` has more than one.
    public var maximumPerIdentity = 4
    /// How long to wait for a gateway, opening it included.
    public var waitLimit = Duration.seconds(30)
    /// The most that wait at a time; further ones are refused at once.
    public var maximumWaiting = 1000
    /// A gateway that nobody used for so long is asked for a sign of life before it is lent.
    public var checkAfter = Duration.seconds(30)
    /// How long to wait for that sign of life.
    public var checkLimit = Duration.seconds(5)
    /// A gateway that nobody used for so long is closed.
    public var idleLimit = Duration.seconds(300)
    /// A gateway that is older is closed as soon as nobody uses it; nil sets no limit.
    public var lifeLimit: Duration? = .seconds(3600)
    /// The pause after a gateway could not be opened; it doubles with every further failure.
    public var firstRetryDelay = Duration.milliseconds(200)
    /// No such pause is longer.
    public var longestRetryDelay = Duration.seconds(10)
    /// How long a graceful shutdown waits for the gateways that are lent.
    public var shutdownLimit = Duration.seconds(30)

    public init() {}
}
