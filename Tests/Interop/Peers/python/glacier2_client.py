"""Uses a Glacier2 router as OMERO's clients do, with zeroc-ice 3.6.5; what is behind it: glacier2/glacier2_backend.py.

Prints "ok NAME" or "FAIL NAME: expected ... got ..." for each check, at the end "DONE passed=N failed=M".
"""

import sys
import time
import uuid

import Glacier2
import Ice

import peers
from client import Checks

SESSION = {"omero.client.uuid": str(uuid.uuid4()), "omero.agent": "swift-omero tests"}


def received_by(callback_class, values):
    class CallbackI(callback_class):
        def notify(self, n, text, current=None):
            values.append((n, text))
            return n * 10

        def ping(self, current=None):
            values.append("ping")

    return CallbackI()


def lost(error):
    """How a closed connection shows; TLS without close_notify comes out as ProtocolException."""
    return isinstance(error, (Ice.ConnectionLostException, Ice.ProtocolException, Ice.CloseConnectionException,
                              Ice.SocketException))


def user_exception(call):
    """The Slice name of the user exception that call() raises."""
    try:
        return call()
    except Ice.UserException as error:
        return error.ice_name()


class Run:
    def __init__(self, ic, options, interop):
        self.ic, self.options, self.i = ic, options, interop
        self.c = Checks()
        self.values = peers.Values(interop, ic)

    def router(self, connection):
        proxy = self.ic.stringToProxy(self.options.router).ice_invocationTimeout(20000)
        if self.options.compress:
            proxy = proxy.ice_compress(True)
        return Glacier2.RouterPrx.uncheckedCast(proxy.ice_connectionId(connection))

    def behind(self, router, text=None):
        """A proxy of the object behind that router."""
        proxy = self.ic.stringToProxy(text or self.options.proxy).ice_router(router).ice_invocationTimeout(20000)
        if self.options.compress:
            proxy = proxy.ice_compress(True)
        return self.i.PeerPrx.uncheckedCast(proxy.ice_connectionId(router.ice_getConnectionId()))

    def closes(self, name, call):
        try:
            got = call()
        except Exception as error:
            if lost(error):
                return self.c.ok(name)
            return self.c.failure(name, "a closed connection", error)
        self.c.failure(name, "a closed connection", got)

    def everything(self):
        for part in (self.refusals, self.whole_session):
            try:
                part()
            except Exception as error:
                self.c.failure(part.__name__, "no exception", error)
        return self.c.done()

    def refusals(self):
        c, router = self.c, self.router("refusals")
        c.equal("router ice_ping", None, router.ice_ping)
        c.equal("router ice_isA", True, lambda: router.ice_isA("::Glacier2::Router"))
        c.raises("wrong password", Glacier2.PermissionDeniedException,
                 lambda: router.createSession("user", "wrong", SESSION), lambda e: e.reason == "wrong password")
        c.raises("no session", Glacier2.CannotCreateSessionException,
                 lambda: router.createSession("nobody", "password", SESSION),
                 lambda e: e.reason == "nobody gets no session")
        # By its Slice name: 3.6's module Glacier2 hides the generated class behind another of the same name.
        for call in (router.refreshSession, router.destroySession):
            c.equal(call.__name__ + " without", "Glacier2::SessionNotExistException", lambda: user_exception(call))
        # Refusals must leave the connection usable.
        c.true("session after refusals", lambda s: s is not None,
               lambda: router.createSession("user", "password", SESSION))
        c.equal("destroySession", None, router.destroySession)
        # Without ice_router, as a routed proxy would register itself first.
        direct = self.ic.stringToProxy(self.options.router).ice_identity(Ice.Identity("interop", ""))
        self.closes("request without session", direct.ice_connectionId("stranger").ice_ping)

    def whole_session(self):
        c, router = self.c, self.router("session")
        session = router.createSession("user", "password", SESSION)
        c.raises("second createSession", Glacier2.CannotCreateSessionException,
                 lambda: router.createSession("user", "password", SESSION))
        seconds = self.options.session_timeout
        c.equal("getSessionTimeout", seconds, router.getSessionTimeout)
        c.equal("getACMTimeout", seconds, router.getACMTimeout)
        category = router.getCategoryForClient()
        c.true("getCategoryForClient", lambda got: len(got) > 0 and got == category, router.getCategoryForClient)
        c.true("getServerProxy", lambda got: got is not None, router.getServerProxy)
        c.equal("getClientProxy", True, lambda: self.ic.proxyToString(router.getClientProxy()) is not None)
        c.equal("refreshSession", None, router.refreshSession)
        peer = self.behind(router)
        c.equal("addProxies", [], lambda: router.addProxies([peer]))
        self.session_object(router, session)
        self.calls(peer)
        self.oneways(peer)
        self.callbacks(router, category, peer)
        c.equal("refreshSession again", None, router.refreshSession)
        other = self.router("other")
        other.createSession("other", "password", SESSION)
        c.equal("second session's call", 5, lambda: self.behind(other).echoInt(5))
        c.equal("destroySession of the other", None, other.destroySession)
        c.equal("the first lives on", 6, lambda: peer.echoInt(6))
        c.equal("destroySession at the end", None, router.destroySession)
        self.closes("call after destroySession", lambda: peer.echoInt(1))

    def session_object(self, router, session):
        """What createSession gave, an object behind the router like any other."""
        c = self.c
        c.true("session's category", lambda got: got == "session-" + SESSION["omero.client.uuid"],
               lambda: session.ice_getIdentity().category)
        c.equal("session ice_isA", True, lambda: self.behind(router, str(session)).ice_isA("::Glacier2::Session"))
        facts = self.behind(router, str(session)).context
        c.true("context of createSession", lambda got: all(got.get(k) == v for k, v in SESSION.items()), facts)
        c.true("user of createSession", lambda got: got.get("user") == "user", facts)

    def calls(self, peer):
        c, i, v = self.c, self.i, self.values
        c.equal("ice_ping", None, peer.ice_ping)
        c.equal("checkedCast", True, lambda: i.PeerPrx.checkedCast(peer) is not None)
        c.equal("echoInt", -7, lambda: peer.echoInt(-7))
        c.equal("echoString", "\u4e16\u754c", lambda: peer.echoString("\u4e16\u754c"))
        big = bytes(range(256)) * 8192
        c.equal("2 MiB", big, lambda: peer.echoBytes(big))
        c.equal("echoNode", v.web(), lambda: peer.echoNode(v.web()))
        c.equal("echoEverything", v.all_types_more(), lambda: peer.echoEverything(v.all_types_more())[0])
        c.equal("graph", 1000, lambda: v.graph_size(peer.graph(1000)))
        c.equal("optString", "text", lambda: peer.optString("text"))
        if not self.options.server_lacks_unknown:
            c.equal("sendUnknownPreserved", v.preserved_unknown(), peer.sendUnknownPreserved)
        c.raises("Failure", i.Failure, lambda: peer.fail("failure"), lambda e: e.reason == "failure")
        c.raises("DetailedFailure", i.DetailedFailure, lambda: peer.failSliced("detailed"),
                 lambda e: (e.code, e.where.name, e.hint) == (17, "where", "a hint"))
        c.raises("UnknownUserException", Ice.UnknownUserException, lambda: peer.fail("undeclared"))
        c.raises("UnknownLocalException", Ice.UnknownLocalException, lambda: peer.fail("local"))
        c.raises("UnknownException", Ice.UnknownException, lambda: peer.fail("crash"))
        absent = self.i.PeerPrx.uncheckedCast(peer.ice_identity(Ice.Identity("absent", "")))
        c.raises("ObjectNotExistException", Ice.ObjectNotExistException, absent.ice_ping,
                 lambda e: (e.id.name, e.operation) == ("absent", "ice_ping"))
        c.raises("FacetNotExistException", Ice.FacetNotExistException, peer.ice_facet("absent").ice_ping)
        default = self.i.PeerPrx.uncheckedCast(peer.ice_identity(Ice.Identity("any name", "default")))
        c.equal("another object", i.Ident("any name", "default"), default.identity)
        c.equal("context", "54", lambda: peer.contextValue("omero.group", {"omero.group": "54"}))
        c.equal("operationMode", "normal", peer.operationMode)
        c.equal("operationMode idempotent", "idempotent", peer.operationModeIdempotent)
        old = self.i.PeerPrx.uncheckedCast(peer.ice_encodingVersion(Ice.Encoding_1_0))
        c.equal("encoding 1.0", "1.0", old.encodingVersion)
        pending = [peer.begin_echoInt(k) for k in range(64)]
        c.equal("64 at once", list(range(64)), lambda: [peer.end_echoInt(r) for r in pending])
        start = time.monotonic()
        sleeping = peer.begin_sleep(1500)
        c.equal("not held up", True, lambda: (peer.echoInt(1), time.monotonic() - start < 1.2)[1])
        c.equal("sleep", None, lambda: peer.end_sleep(sleeping))

    def oneways(self, peer):
        # Others count on the same server at the same time.
        peer = self.i.PeerPrx.uncheckedCast(peer.ice_context({"counter": Ice.generateUUID()}))
        oneway, batch = self.i.PeerPrx.uncheckedCast(peer.ice_oneway()), self.i.PeerPrx.uncheckedCast(
            peer.ice_batchOneway())
        for _ in range(10):
            oneway.count(1)
            batch.count(10)
        batch.ice_flushBatchRequests()
        total, end = 0, time.monotonic() + 10
        while total < 110 and time.monotonic() < end:
            total += peer.counted()
        self.c.equal("oneway and batch", 110, lambda: total)

    def callbacks(self, router, category, peer):
        received = []
        adapter = self.ic.createObjectAdapterWithRouter("callbacks", router)
        identity = Ice.Identity(SESSION["omero.client.uuid"], category)
        proxy = adapter.add(received_by(self.i.Callback, received), identity)
        adapter.activate()
        proxy = self.i.CallbackPrx.uncheckedCast(proxy)
        expected = ["ping"] + [(k, "call %d" % k) for k in range(5)]
        self.c.equal("callProxy", (100, expected), lambda: (peer.callProxy(proxy, 5), received))
        foreign = self.i.CallbackPrx.uncheckedCast(proxy.ice_identity(Ice.Identity("x", "not-" + category)))
        self.c.raises("callProxy of another category", Ice.ObjectNotExistException, lambda: peer.callProxy(foreign, 1))
        absent = self.i.CallbackPrx.uncheckedCast(proxy.ice_identity(Ice.Identity("absent", category)))
        self.c.raises("callProxy of nobody", Ice.ObjectNotExistException, lambda: peer.callProxy(absent, 1))
        adapter.destroy()


def main():
    parser = peers.arguments(__doc__)
    parser.add_argument("--router", required=True, help="the router's proxy")
    parser.add_argument("--proxy", required=True, help="the proxy of the interop::Peer behind it")
    parser.add_argument("--session-timeout", type=int, default=30, help="what the router must answer")
    parser.add_argument("--compress", action="store_true")
    parser.add_argument("--server-lacks-unknown", action="store_true",
                        help="the back end does without the types of InteropUnknown.ice")
    options = parser.parse_args()
    # Retries would hide closed connections.
    options.property.insert(0, "Ice.RetryIntervals=-1")
    interop = peers.load_slice()
    ic = peers.communicator(options, "client")
    try:
        return Run(ic, options, interop).everything()
    finally:
        ic.destroy()


if __name__ == "__main__":
    sys.exit(main())
