import Glacier2
import Ice
import IceEncoding
import Logging
import OMEROAPI

/// What a server may tell its clients by itself (`omero.api.ClientCallback`).
///
/// Holds only the door to the background task: the connection holds this, and the core the connection.
struct CallbackServant: ClientCallbackServant {
    let signal: AsyncStream<GatewayCore.Signal>.Continuation

    func requestHeartbeat(current: Current) async throws {
        // The answer is the sign of life.
    }

    func sessionClosed(current: Current) async throws {
        // Servers tell the end of a session's time and its end by somebody with the same call.
        signal.yield(.sessionGone(GatewayError(.sessionEnded, "", phase: .session)))
    }

    func shutdownIn(milliseconds: Int64, current: Current) async throws {
        signal.yield(.serverStops(in: .milliseconds(max(0, milliseconds))))
    }
}

extension GatewayCore {
    /// Lets the server call this side. Servers that can't do without harm: nothing depends on it.
    func lendCallback(to link: Link) async {
        do {
            let adapter = try await link.router.createCallbackAdapter()
            let category = try await link.router.getCategoryForClient()
            let identity = Identity(name: clientID, category: category)
            let proxy = try adapter.add(CallbackServant(signal: signal), identity: identity)
            try await link.factory.setCallback(callback: ClientCallbackPrx(proxy))
        } catch {
            configuration.logger?.debug("omero call-backs are not there", metadata: ["omero.error": "\(error)"])
        }
    }
}
