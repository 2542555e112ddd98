"""The back end of the router: session manager, permissions verifier, and interop::Peer, on zeroc-ice 3.6.5.

Passwords: "wrong" is refused by the verifier. User names: "nobody" is refused by the session manager. All else may in.
The session object is a Glacier2::Session and at once an interop::Peer, whose context() gives what createSession was
called with (and under "user" the user's name), and whose counted() tells how many sessions were destroyed.
"""

import os
import sys
import uuid

import Glacier2
import Ice

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "python"))
import peers  # noqa: E402
import server  # noqa: E402


def main():
    parser = peers.arguments(__doc__)
    parser.add_argument("--endpoints", default="tcp -h 127.0.0.1")
    options = parser.parse_args()
    interop = peers.load_slice()
    ic = peers.communicator(options, "server")
    peer_class = server.servant_class(interop, peers.Values(interop, ic))
    destroyed = []

    class SessionI(Glacier2.Session, peer_class):
        def __init__(self, user, context):
            peer_class.__init__(self)
            self.facts = dict(context, user=user)

        def ice_ids(self, current=None):
            return ["::Glacier2::Session", "::Ice::Object", "::interop::Peer"]

        def ice_id(self, current=None):
            return "::Glacier2::Session"

        def ice_isA(self, type_id, current=None):
            return type_id in self.ice_ids()

        def context(self, current=None):
            return self.facts

        def counted(self, current=None):
            return len(destroyed)

        def destroy(self, current=None):
            destroyed.append(self)
            current.adapter.remove(current.id)

    class SessionManagerI(Glacier2.SessionManager):
        def create(self, user, control, current=None):
            if user == "nobody":
                raise Glacier2.CannotCreateSessionException("nobody gets no session")
            identity = Ice.Identity(str(uuid.uuid4()), "session-" + current.ctx.get("omero.client.uuid", ""))
            return Glacier2.SessionPrx.uncheckedCast(current.adapter.add(SessionI(user, current.ctx), identity))

    class VerifierI(Glacier2.PermissionsVerifier):
        def checkPermissions(self, user, password, current=None):
            return (False, "wrong password") if password == "wrong" else (True, "")

    try:
        adapter = ic.createObjectAdapterWithEndpoints("Backend", options.endpoints)
        manager = adapter.add(SessionManagerI(), ic.stringToIdentity("SessionManager"))
        verifier = adapter.add(VerifierI(), ic.stringToIdentity("Verifier"))
        peer = adapter.add(peer_class(), ic.stringToIdentity("interop"))
        second = server.servant_class(interop, peers.Values(interop, ic), "second")
        adapter.addFacet(second(), ic.stringToIdentity("interop"), "second")
        adapter.addDefaultServant(peer_class(), "default")
        adapter.activate()
        told = peers.until_told()
        # Tabs between, as proxies have spaces.
        print("READY " + "\t".join(map(str, (manager, verifier, peer))), flush=True)
        told.wait()
    finally:
        ic.destroy()


if __name__ == "__main__":
    main()
