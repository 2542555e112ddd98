import NIOCore

/// The requests of one connection that are being carried out, and those that wait for a place.
///
/// Requests over the limit wait here, so that replies behind them on the same connection still get through: a servant
/// that calls its caller back would otherwise wait for itself. Only when the waiting ones grow over `backlogLimit`
/// bytes does the connection stop reading, which the peer feels as back-pressure.
struct DispatchLedger: Sendable {
    private(set) var inFlight = 0
    private var waiting: [RequestMessage] = []
    private var waitingHead = 0
    private(set) var waitingBytes = 0

    /// Whether nothing is under way or waiting.
    var isIdle: Bool { inFlight == 0 && waitingHead == waiting.count }
    /// Whether no more should be read until some are done.
    func isFull(backlogLimit: Int) -> Bool { waitingBytes > backlogLimit }

    /// True if the request may start now; else it waits.
    mutating func admit(_ request: RequestMessage, limit: Int) -> Bool {
        if inFlight < limit {
            inFlight += 1
            return true
        }
        waiting.append(request)
        waitingBytes += Self.cost(request)
        return false
    }

    /// One is done; the next that may start, if any.
    mutating func finished(limit: Int) -> RequestMessage? {
        inFlight -= 1
        guard inFlight < limit, waitingHead < waiting.count else { return nil }
        let next = waiting[waitingHead]
        waitingHead += 1
        waitingBytes -= Self.cost(next)
        if waitingHead == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.capacity <= 64)
            waitingHead = 0
        } else if waitingHead >= 64, waitingHead * 2 >= waiting.count {
            waiting.removeFirst(waitingHead)
            waitingHead = 0
        }
        inFlight += 1
        return next
    }

    /// Forgets the waiting ones: the connection is gone.
    mutating func dropWaiting() {
        waiting = []
        waitingHead = 0
        waitingBytes = 0
    }

    private static func cost(_ request: RequestMessage) -> Int {
        // The parameters share the message's storage; what else a request holds is counted flat.
        request.parameters.bytes.readableBytes + 512
    }
}
