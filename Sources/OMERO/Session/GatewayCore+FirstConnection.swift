// The first connection, made again while no server can be reached.
extension GatewayCore {
    /// Opens or joins the session; again, where ``ReconnectPolicy/firstConnectionLimit`` says so.
    func openPatiently(
        _ opening: LoginConversation.Opening,
        report: inout ConnectReport
    ) async throws -> LoginConversation.Opened {
        var policy = configuration.reconnect
        policy.limit = policy.firstConnectionLimit
        policy.isEnabled = policy.limit > .zero
        var schedule = ReconnectSchedule(policy)
        let since = clock.awake()
        while true {
            do {
                return try await conversation.open(opening, report: &report)
            } catch var error as GatewayError {
                guard error.isBeforeLogin,
                    let delay = schedule.next(elapsed: clock.awake() - since, chance: .random(in: -1...1))
                else {
                    error.attempts += schedule.attempts * configuration.addresses.count
                    throw error
                }
                states.publish(.retrying(attempt: schedule.attempts, after: delay))
                try await clock.sleep(delay)
            }
        }
    }
}

extension GatewayError {
    /// Whether no server heard of the user yet, and one may be there later.
    fileprivate var isBeforeLogin: Bool {
        switch phase {
        case .resolve, .connect, .proxy, .tls, .webSocket, .router: break
        case .configuration, .login, .session, .call, .reconnect, .close, nil: return false
        }
        return switch kind {
        case .cannotResolve, .refused, .unreachable, .timedOut, .connectionLost, .notAnOMEROServer: true
        // A connection that ends under the handshake; not a certificate that is refused.
        case .tls: tls == .handshake
        default: false
        }
    }
}
