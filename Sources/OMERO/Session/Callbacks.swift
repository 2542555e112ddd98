import Glacier2
import Ice
import IceEncoding
import Logging
import OMEROAPI

/// What a server may tell its clients by itself (`omero.api.ClientCallback`).
struct CallbackServant: ClientCallbackServant {
    let core: GatewayCore

    func requestHeartbeat(current: Current) async throws {
        // The answer is the sign of life.
    }

    func sessionClosed(current: Current) async throws {
        // Servers tell both with the same call. Their clock ran a little earlier than this one.
        let left = core.timeLeft
        let isOver = [left.idle, left.life].contains { $0.map { $0 < .seconds(1) } ?? false }
        core.signal.yield(
            .sessionGone(
                GatewayError(
                    isOver ? .sessionExpired : .sessionEnded,
                    isOver ? "the session's time is over" : "the server ended the session",
                    advice: "Log in again", phase: .session)))
    }

    func shutdownIn(milliseconds: Int64, current: Current) async throws {
        core.signal.yield(.serverStops(in: .milliseconds(max(0, milliseconds))))
    }
}

extension GatewayCore {
    /// Lets the server call this side. Servers that can't do without harm: nothing depends on it.
    func lendCallback(to link: Link) async {
        do {
            let adapter = try await link.router.createCallbackAdapter()
            let category = try await link.router.getCategoryForClient()
            let identity = Identity(name: clientID, category: category)
            let proxy = try adapter.add(CallbackServant(core: self), identity: identity)
            try await link.factory.setCallback(callback: ClientCallbackPrx(proxy))
        } catch {
            configuration.logger?.debug("omero call-backs are not there", metadata: ["omero.error": "\(error)"])
        }
    }
}
