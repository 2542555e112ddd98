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
    /// Set before the call is submitted, taken when it ends.
    var continuation: UnsafeContinuation<ReplyMessage?, any Error>?
    /// The task was cancelled before the connection saw the call.
    var cancelled = false

    init(id: Int32, message: ByteBuffer, timeout: Duration?) {
        self.id = id
        self.message = message
        self.timeout = timeout
    }

    /// Ends the call; only the first end counts.
    func end(_ result: Result<ReplyMessage?, any Error>) {
        let continuation = self.continuation
        self.continuation = nil
        continuation?.resume(with: result)
    }
}
