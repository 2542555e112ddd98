import NIOCore

/// One call that waits on a connection.
///
/// Made by the caller; from ``Connection/submit(_:)`` on, the connection's event loop alone touches it. That is why
/// its plain properties are safe although the object crosses threads.
final class PendingCall: @unchecked Sendable {
    /// 0 for oneway calls.
    let id: Int32
    let timeout: Duration?
    /// The encoded message; given up when it is handed to the connection.
    var message: ByteBuffer
    /// Set before the call is submitted, and not touched by the event loop before that: a cancellation may come first.
    var continuation: UnsafeContinuation<ReplyMessage?, any Error>?
    /// How far the call has come, as the connection's event loop sees it.
    enum State { case made, submitted, cancelledBeforeSubmission, ended }
    private var state = State.made

    init(id: Int32, message: ByteBuffer, timeout: Duration?) {
        self.id = id
        self.message = message
        self.timeout = timeout
    }

    /// The connection has got the call. False if it was cancelled before, and has just ended because of that.
    func submit() -> Bool {
        if case .cancelledBeforeSubmission = state {
            resume(.failure(CancellationError()))
            return false
        }
        state = .submitted
        return true
    }

    /// The task was cancelled. A call that is not submitted yet ends when it is.
    func cancel() {
        switch state {
        case .made: state = .cancelledBeforeSubmission
        case .submitted: resume(.failure(CancellationError()))
        case .cancelledBeforeSubmission, .ended: break
        }
    }

    /// Ends a submitted call; only the first end counts.
    func end(_ result: Result<ReplyMessage?, any Error>) {
        if case .submitted = state { resume(result) }
    }

    private func resume(_ result: Result<ReplyMessage?, any Error>) {
        state = .ended
        let continuation = self.continuation
        self.continuation = nil
        continuation?.resume(with: result)
    }
}
