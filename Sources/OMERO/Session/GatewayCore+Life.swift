import Ice
import Logging
import OMEROAPI
import OMEROModel
import Synchronization

// The background task: everything that happens to a session without being asked for.
extension GatewayCore {
    func run() async {
        // Its servants are carried out from now on, without a task that only waits for their end.
        communicator.begin()
        await live()
        await communicator.shutdown()
        await communicator.run()
    }

    /// Says when it is time for a beat, as long as the link is the one in use. Looks again every second, as limits may
    /// have been changed and the machine may have slept.
    ///
    /// By a timer of the link's event loop, not by a task: a task that sleeps takes some kilobytes, and every gateway
    /// has one of these.
    func watchBeats(of link: Link) {
        guard configuration.keepAlive.isEnabled else { return }
        let left = state.withLock { state in
            let interval = max(
                configuration.keepAlive.interval(idleLimit: state.session?.limits.idle ?? .zero), .milliseconds(10))
            let now = clock.now()
            if state.lastBeat + interval <= now {
                state.lastBeat = now
                signal.yield(.beat)
            }
            return state.lastBeat + interval - now
        }
        link.connection.schedule(after: max(min(left, .seconds(1)), .milliseconds(1))) { [weak self, weak link] in
            if let self, let link, isCurrent(link) { watchBeats(of: link) }
        }
    }

    /// Takes the signals one after the other until the gateway ends.
    private func live() async {
        var counter = BeatCounter(limit: configuration.keepAlive.missesUntilLost)
        for await next in signals {
            if Task.isCancelled { return }
            switch next {
            case .lost(let link, let cause):
                guard isCurrent(link) else { continue }
                link.connection.abort()
                counter.answered()
                if await !reconnect(after: cause) { return }
            case .sessionGone(let failure):
                // Of an end that this side asked for the server tells, too.
                if state.withLock({ $0.end?.kind == .closed }) { continue }
                sessionIsOver(gone(failure))
                return
            case .serverStops(let delay):
                states.publish(.shuttingDown(in: delay))
            case .beat:
                guard let link = try? linkNow() else { continue }
                await beat(on: link, &counter)
            case .linked(let link):
                guard configuration.acceptsCallbacks else { continue }
                // Nothing waits for it: a server that does not answer must not keep the beats from being counted.
                _ = communicator.spawn(on: link.connection.executor) { await self.lendCallback(to: link) }
            }
        }
    }

    func sessionIsOver(_ error: GatewayError) {
        finish(error.kind == .sessionEnded ? .endedByServer(error) : .expired(error), error)
    }

    /// The failure of a session that is gone, with the reason. Where the server says which limit it was, that is it;
    /// most servers only say that there is no such session, so that it is reckoned: one that had time left was ended.
    func gone(_ failure: GatewayError) -> GatewayError {
        var gone = failure
        gone.advice = "Log in again"
        // The server's clock ran a little earlier than this one.
        let left = timeLeft
        let isOver =
            failure.serverException == "omero.SessionTimeoutException"
            || [left.idle, left.life].contains { $0.map { $0 < .seconds(1) } ?? false }
        gone.kind = isOver ? .sessionExpired : .sessionEnded
        gone.message = isOver ? "the session's time is over" : "the session was ended"
        return gone
    }

    private func isCurrent(_ link: Link) -> Bool { state.withLock { $0.link === link && $0.end == nil } }

    private func beat(on link: Link, _ counter: inout BeatCounter) async {
        do {
            try await link.beat(timeout: configuration.keepAlive.timeout)
            counter.answered()
            state.withLock { $0.lastAnswer = clock.now() }
        } catch {
            guard let failure = GatewayError.explaining(error, during: .call, at: link.address) as? GatewayError else {
                return
            }
            configuration.logger?.debug("omero beat failed", metadata: ["omero.error": "\(failure)"])
            switch failure.kind {
            case .sessionExpired, .sessionEnded: signal.yield(.sessionGone(failure))
            case .connectionLost: signal.yield(.lost(link, failure))
            default:
                if counter.missed() {
                    signal.yield(
                        .lost(
                            link,
                            GatewayError(
                                .connectionLost, "the server gave no sign of life \(counter.misses) times",
                                endpoint: failure.endpoint, phase: .call, cause: failure)))
                }
            }
        }
    }

    // MARK: Coming back

    /// Goes back to the same session. False when that is over for good.
    private func reconnect(after cause: GatewayError) async -> Bool {
        var cause = cause
        // It may be what a call failed with: of the connection there is nothing to repeat.
        cause.mayHaveHappened = false
        states.publish(.lost(cause))
        configuration.logger?.info("omero connection lost", metadata: ["omero.error": "\(cause)"])
        guard let session = state.withLock({ $0.session }) else { return false }
        var schedule = ReconnectSchedule(configuration.reconnect)
        let since = clock.awake()
        var last = cause
        while let delay = schedule.next(elapsed: clock.awake() - since, chance: .random(in: -1...1)) {
            states.publish(.retrying(attempt: schedule.attempts, after: delay))
            do { try await clock.sleep(delay) } catch { return false }
            do {
                try await rejoin(session)
                configuration.logger?.info(
                    "omero connection is back", metadata: ["omero.attempt": "\(schedule.attempts)"])
                return true
            } catch let error as GatewayError {
                last = error
                switch error.kind {
                case .wrongUserOrPassword, .sessionExpired, .sessionEnded:
                    // The key opens nothing any more. Only the server's own word for it counts, never the network's.
                    if await renew(session) { return true }
                    var over = gone(
                        GatewayError(
                            .sessionExpired, "", endpoint: error.endpoint, phase: .reconnect, cause: error))
                    over.message += ", while the connection was away"
                    over.attempts = schedule.attempts
                    sessionIsOver(over)
                    return false
                case .tls where error.tls == .changed, .badConfiguration, .serverTooOld:
                    finish(.failed(error), error)
                    return false
                default: continue
                }
            } catch {
                return false
            }
        }
        var failed = GatewayError(
            .connectionLost, "the connection was lost: \(last.message)", advice: last.advice, endpoint: cause.endpoint,
            phase: .reconnect, cause: last)
        failed.attempts = max(schedule.attempts, 1)
        finish(.failed(failed), failed)
        return false
    }

    private func rejoin(_ session: Session) async throws {
        try await communicator.onOneThread {
            var report = ConnectReport()
            let opened = try await conversation.open(.join(session.key), report: &report)
            guard opened.context.userId == session.userID else {
                await opened.link.leave(timeout: configuration.timeouts.close)
                throw GatewayError(.sessionExpired, "the session belongs to another user now", phase: .reconnect)
            }
            install(opened, origin: session.origin, report: report)
        }
    }

    /// A new session of the same user, where the policy and the credentials allow it.
    private func renew(_ session: Session) async -> Bool {
        guard configuration.reconnect.renewsSession else { return false }
        switch configuration.credentials.form {
        case .provider, .guest: break
        case .password, .sessionKey: return false
        }
        do {
            let (opening, origin) = try await opening(configuration.credentials)
            return try await communicator.onOneThread {
                var report = ConnectReport()
                let opened = try await conversation.open(opening, report: &report)
                guard opened.context.userId == session.userID else {
                    await opened.link.leave(timeout: configuration.timeouts.close)
                    return false
                }
                install(opened, origin: origin, report: report)
                return true
            }
        } catch {
            return false
        }
    }

    /// No link any more, and why. What happens while this side closes is not why.
    func finish(_ final: ConnectionState, _ error: GatewayError) {
        let link = state.withLock { state -> Link?? in
            guard state.end?.kind != .closed || error.kind == .closed else { return nil }
            defer { state.link = nil }
            if state.end == nil { state.end = error }
            return .some(state.link)
        }
        guard let link else { return }
        link?.connection.close()
        states.publish(final)
    }

    // MARK: Closing

    /// Closes without ending the session: there is none, or it was ended already.
    func shutDown(because error: GatewayError? = nil) async {
        let closed = error ?? GatewayError(.closed, "the gateway was closed", phase: .close)
        if let error, error.kind != .closed { finish(.failed(error), error) } else { finish(.closed, closed) }
        signal.finish()
        let background = state.withLock { state in
            defer { state.background = nil }
            return state.background
        }
        await communicator.shutdown()
        background?.cancel()
        await background?.value
    }

    /// Ends or leaves the session, then closes. Takes at most the time for closing, whatever the server does.
    ///
    /// Also for a task that was cancelled: in a task of its own, as a cancelled one could say nothing to the server any
    /// more, and the session would stay there until its idle limit.
    func close(_ ending: BlitzGateway.Ending) async {
        await Task.detached { await self.closeUncancelled(ending) }.value
    }

    private func closeUncancelled(_ ending: BlitzGateway.Ending) async {
        let (link, origin) = state.withLock { state in
            defer { state.link = nil }
            let link = state.end == nil ? state.link : nil
            if state.end == nil { state.end = GatewayError(.closed, "the gateway was closed", phase: .close) }
            return (link, state.session?.origin ?? .joined)
        }
        if let link {
            do {
                try await withLimit(configuration.timeouts.close) {
                    GatewayError(.timedOut, "closing took too long", phase: .close)
                } _: {
                    await self.end(link, ending, origin)
                }
            } catch {
                // A server that does not answer has no claim to an orderly end either.
                link.connection.abort()
            }
        }
        await shutDown()
    }

    private func end(_ link: Link, _ ending: BlitzGateway.Ending, _ origin: Origin) async {
        switch (ending, origin) {
        case (.whenLast, .loggedIn):
            try? await link.factory.closeOnDestroy()
        case (.whenLast, .joined), (.leave, _):
            try? await link.factory.detachOnDestroy()
        case (.whenLast, .madeForThis), (.forEveryone, _):
            if let sessions = try? await link.service(ISessionPrx.self) {
                let session = OMEROModel.Session.make { $0.uuid = link.key.value }
                // Each call takes one user of the session away; -1 and -2 say that it is over.
                for _ in 0..<1000 {
                    guard let left = try? await sessions.closeSession(sess: session), left > 0 else { break }
                }
            }
        }
        await link.leave(timeout: configuration.timeouts.close)
    }

    /// Nobody holds the gateway any more: closes it, without making anyone wait.
    func abandon() {
        Task.detached { [self] in await close(.whenLast) }
    }
}
