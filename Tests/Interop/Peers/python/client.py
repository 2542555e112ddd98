"""Runs every operation of interop::Peer against a server, with zeroc-ice 3.6.5.

Prints "ok NAME" or "FAIL NAME: expected ... got ..." for each check, at the end "DONE passed=N failed=M".
"""

import sys
import time

import Ice

import peers


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def ok(self, name):
        self.passed += 1
        print("ok", name, flush=True)

    def failure(self, name, expected, got):
        self.failed += 1
        print("FAIL %s: expected %s got %s" % (name, peers.show(expected), peers.show(got)), flush=True)

    def equal(self, name, expected, call):
        """call() must return what equals expected."""
        try:
            got = call()
        except Exception as error:
            return self.failure(name, expected, error)
        if peers.same(expected, got):
            self.ok(name)
        else:
            self.failure(name, expected, got)

    def true(self, name, condition, call):
        """call() must return something for which condition holds."""
        try:
            got = call()
            good = condition(got)
        except Exception as error:
            return self.failure(name, "no exception", error)
        if good:
            self.ok(name)
        else:
            self.failure(name, "another result", got)

    def raises(self, name, expected, call, condition=lambda error: True):
        """call() must raise exactly that type, and the condition hold for the exception."""
        try:
            got = call()
        except Exception as error:
            if type(error) is expected and condition(error):
                return self.ok(name)
            return self.failure(name, expected.__name__, error)
        self.failure(name, expected.__name__, got)

    def done(self):
        print("DONE passed=%d failed=%d" % (self.passed, self.failed), flush=True)
        return 1 if self.failed or not self.passed else 0


def echo_values(interop, values):
    i, v = interop, values
    text = "\u00e4\u00df \u4e16\u754c \U0001f600 \x00 end"
    point = i.Point(-(1 << 31), (1 << 31) - 1)
    return {
        "Bool": [True, False],
        "Byte": [0, 1, 127, 128, 255],
        "Short": [0, -1, -32768, 32767],
        "Int": [0, -1, -(1 << 31), (1 << 31) - 1],
        "Long": [0, -1, -(1 << 63), (1 << 63) - 1],
        "Float": [0.0, 1.5, -3.4028234663852886e38, 1.401298464324817e-45, float("inf"), float("nan")],
        "Double": [0.0, -1.5, 1.7976931348623157e308, 5e-324, float("-inf"), float("nan")],
        "String": ["", "a", text, "x" * 254, "x" * 255, "y" * 70000],
        "Colour": [i.Colour.red, i.Colour.blue],
        "Weight": [i.Weight.light, i.Weight.medium, i.Weight.heavy],
        "Distance": [i.Distance.near, i.Distance.middling, i.Distance.far],
        "Point": [point],
        "Label": [v.label(), v.label("")],
        "Bytes": [b"", b"\x00\x01\xff", bytes(range(256)) * 300],
        "Bools": [[], [True, False, True]],
        "Shorts": [[], [-32768, 0, 32767]],
        "Ints": [[], [-(1 << 31), 0, (1 << 31) - 1], list(range(255))],
        "Longs": [[], [-(1 << 63), (1 << 63) - 1]],
        "Floats": [[], [0.5, -0.5]],
        "Doubles": [[], [0.1, -1e300]],
        "Strings": [[], ["", text], ["s"] * 300],
        "Colours": [[], [i.Colour.blue, i.Colour.red]],
        "Points": [[], [point, i.Point(0, 0)]],
        "Labels": [[], [v.label(), v.label("2")]],
        "StringLists": [[], [[], ["a"], ["b", "c"]]],
        "Dicts": [[], [{}, {"a": "b"}]],
        "Proxies": [[], [v.proxy(), None]],
        "Nodes": [[], [None, v.node("one")], [v.web()]],
        "StringStrings": [{}, {"a": "1", "": "empty", text: text}],
        "IntStrings": [{}, {-1: "minus", 70000: "plus"}],
        "ColourPoints": [{}, {i.Colour.green: point}],
        "StringNodes": [{}, {"n": v.web()}],
        "LongInts": [{}, {1 << 40: [1, 2, 3], -1: []}],
        "Proxy": [None, v.proxy(), v.ic.stringToProxy("wellknown"), v.ic.stringToProxy("a/b -t @ adapter")],
        "Peer": [None, i.PeerPrx.uncheckedCast(v.ic.stringToProxy("p -s -e 1.0:ssl -h h -p 1:ws -h h -p 2 -r /r"))],
        "Peers": [[], [None, i.PeerPrx.uncheckedCast(v.ic.stringToProxy("p:udp -h 127.0.0.1 -p 9"))]],
        "Base": [None, i.Base(1), v.middle(), i.Middle(1, "m", 5), v.derived()],
        "BaseCompact": [None, i.Base(1), v.derived()],
        "BaseSliced": [None, i.Base(1), v.derived()],
        "Bases": [[], [i.Base(1), None, v.derived()]],
        "Node": [None, v.node("n"), v.web()],
        "NodeSliced": [None, v.node("n"), v.web()],
        "Object": [None, i.Empty(), v.web(), i.CompactDerived("c", 2)],
        "Empty": [None, i.Empty()],
        "Compact": [None, i.Compact("c"), i.CompactDerived("c", 2)],
        "CompactSliced": [None, i.Compact("c"), i.CompactDerived("c", 2)],
    }


def opt_values(interop, values):
    i, v = interop, values
    return {
        "Bool": [True, False],
        "Byte": [0, 255],
        "Short": [-1],
        "Int": [0, -(1 << 31)],
        "Long": [1 << 62],
        "Float": [1.5],
        "Double": [-1.5],
        "String": ["", "text", "x" * 300],
        "Colour": [i.Colour.green],
        "Bytes": [b"", b"\x01\x02"],
        "Ints": [[], [1, 2, 3], [7] * 300],
        "Strings": [[], ["a", ""]],
        "Point": [i.Point(1, 2)],
        "Label": [v.label()],
        "IntInts": [{}, {1: 2, 3: 4}],
        "Dict": [{}, {"a": "b"}],
        "Proxy": [None, v.proxy()],
        "Base": [None, i.Base(1), v.derived()],
    }


class Run:
    def __init__(self, ic, proxy, interop, options):
        self.ic, self.i, self.options = ic, interop, options
        self.values = peers.Values(interop, ic)
        self.checks = Checks()
        self.raw = proxy
        self.peer = interop.PeerPrx.uncheckedCast(proxy)
        self.old = options.encoding == "1.0"
        # What a server without the unknown types sends instead of them, and what an own lack of them leaves.
        self.known_there = not options.server_lacks_unknown
        self.known_here = not options.no_unknown

    def everything(self):
        for part in (self.object_operations, self.echoes, self.parameters, self.classes, self.optionals,
                     self.exceptions, self.unknown, self.invocations, self.context, self.asynchronous,
                     self.callbacks):
            try:
                part()
            except Exception as error:
                self.checks.failure(part.__name__, "no exception", error)
        return self.checks.done()

    def object_operations(self):
        c, p = self.checks, self.peer
        c.equal("ice_ping", None, p.ice_ping)
        c.equal("ice_isA", True, lambda: p.ice_isA("::interop::Peer"))
        c.equal("ice_isA other", False, lambda: p.ice_isA("::interop::Callback"))
        c.equal("ice_id", "::interop::Peer", p.ice_id)
        c.equal("ice_ids", ["::Ice::Object", "::interop::Peer"], p.ice_ids)
        c.true("checkedCast", lambda got: got is not None, lambda: self.i.PeerPrx.checkedCast(self.raw))
        c.equal("checkedCast other", None, lambda: self.i.CallbackPrx.checkedCast(self.raw))
        c.equal("facetName", "", p.facetName)
        c.equal("facetName second", "second", lambda: self.i.PeerPrx.checkedCast(self.raw, "second").facetName())
        c.equal("identity", self.i.Ident("interop", ""), p.identity)
        default = self.i.PeerPrx.uncheckedCast(self.raw.ice_identity(Ice.Identity("any name", "default")))
        c.equal("default servant", self.i.Ident("any name", "default"), default.identity)
        absent = self.raw.ice_identity(Ice.Identity("absent", ""))
        c.raises("ObjectNotExist", Ice.ObjectNotExistException, absent.ice_ping,
                 lambda e: (e.id.name, e.facet, e.operation) == ("absent", "", "ice_ping"))
        c.raises("FacetNotExist", Ice.FacetNotExistException, self.raw.ice_facet("absent").ice_ping,
                 lambda e: (e.id.name, e.facet, e.operation) == ("interop", "absent", "ice_ping"))
        callback = self.i.CallbackPrx.uncheckedCast(self.raw)
        c.raises("OperationNotExist", Ice.OperationNotExistException, callback.ping,
                 lambda e: (e.id.name, e.operation) == ("interop", "ping"))

    def echoes(self):
        # Made twice, as what is expected may have to be changed.
        expectations = echo_values(self.i, self.values)
        for name, values in echo_values(self.i, self.values).items():
            call = getattr(self.peer, "echo" + name)
            for k, value in enumerate(values):
                self.checks.equal("echo%s %d" % (name, k), self.as_received(expectations[name][k]),
                                  lambda: call(value))

    def as_received(self, value):
        return peers.as_received_in_1_0(value) if self.old else value

    def parameters(self):
        c, p = self.checks, self.peer
        c.equal("addAll", (255 - 3 + 70000 + (1 << 40), "255+-3+70000+1099511627776"),
                lambda: p.addAll(255, -3, 70000, 1 << 40))
        c.equal("divide", (-3, -1), lambda: p.divide(-10, 3))
        c.raises("divide by zero", self.i.Failure, lambda: p.divide(1, 0), lambda e: e.reason == "division by zero")
        for make in (self.values.all_types, self.values.all_types_more):
            expected = self.as_received(make())
            c.equal("echoEverything " + type(expected).__name__,
                    (expected, expected.aString * 2, self.i.Colour.red), lambda: p.echoEverything(make()))

    def classes(self):
        c, p, v = self.checks, self.peer, self.values
        one = self.i.Base(1)
        c.true("echoPair shared", lambda r: r[1] and r[0].first is r[0].second and r[0].first.b == 1,
               lambda: p.echoPair(self.i.Pair(one, one)))
        c.true("echoPair apart", lambda r: not r[1] and r[0].first is not r[0].second and r[0].second.b == 1,
               lambda: p.echoPair(self.i.Pair(one, self.i.Base(1))))
        for n in (0, 1, 2, 100):
            c.equal("ring %d" % n, n, lambda: v.ring_length(p.ring(n)))
            c.equal("ringLength %d" % n, n, lambda: p.ringLength(v.ring(n)))
        chain = v.node("a")
        chain.next = v.node("b")
        c.equal("ringLength chain", -1, lambda: p.ringLength(chain))
        for n in (0, 1, 1000):
            c.equal("graph %d" % n, n, lambda: v.graph_size(p.graph(n)))
            c.equal("graphSize %d" % n, n, lambda: p.graphSize(v.graph(n)))
        c.equal("graph content", v.graph(5), lambda: p.graph(5))
        broken = v.graph(3)
        broken[2].owner = broken[1]
        c.equal("graphSize broken", -1, lambda: p.graphSize(broken))
        for full in (False, True):
            # Encoding 1.0 drops every optional member.
            c.equal("echoOptionals %s" % ("full" if full else "empty"), v.options(full and not self.old),
                    lambda: p.echoOptionals(v.options(full)))

    def optionals(self):
        c, p = self.checks, self.peer
        for name, values in opt_values(self.i, self.values).items():
            call = getattr(p, "opt" + name)
            c.equal("opt%s unset" % name, Ice.Unset, lambda: call(Ice.Unset))
            for k, value in enumerate(values):
                c.equal("opt%s %d" % (name, k), Ice.Unset if self.old else value, lambda: call(value))
        if self.old:
            c.equal("optMixed", (10, Ice.Unset, 20, Ice.Unset), lambda: p.optMixed("four", 10, 3))
            return
        c.equal("optMixed", (17, "four", 20, 3), lambda: p.optMixed("four", 10, 3))
        c.equal("optMixed unset", (10, Ice.Unset, 20, Ice.Unset), lambda: p.optMixed(Ice.Unset, 10, Ice.Unset))
        c.equal("optMixed half", (13, Ice.Unset, 20, 3), lambda: p.optMixed(Ice.Unset, 10, 3))

    def exceptions(self):
        c, i = self.checks, self.i
        hint = Ice.Unset if self.old else "a hint"
        for form in ("fail", "failSliced", "failCompact"):
            call = getattr(self.peer, form)
            c.equal(form + " none", None, lambda: call("none"))
            c.raises(form + " failure", i.Failure, lambda: call("failure"), lambda e: e.reason == "failure")
            c.raises(form + " detailed", i.DetailedFailure, lambda: call("detailed"),
                     lambda e: (e.reason, e.code, e.where.name, e.hint) == ("detailed", 17, "where", hint))
            c.raises(form + " detailedNoHint", i.DetailedFailure, lambda: call("detailedNoHint"),
                     lambda e: (e.reason, e.code, e.where, e.hint) == ("detailed", 17, None, Ice.Unset))
            c.raises(form + " undeclared", Ice.UnknownUserException, lambda: call("undeclared"))
            c.raises(form + " local", Ice.UnknownLocalException, lambda: call("local"))
            c.raises(form + " crash", Ice.UnknownException, lambda: call("crash"))
            c.raises(form + " objectNotExist", Ice.ObjectNotExistException, lambda: call("objectNotExist"),
                     lambda e: (e.id.name, e.operation) == ("interop", form))
            c.raises(form + " facetNotExist", Ice.FacetNotExistException, lambda: call("facetNotExist"))
            c.raises(form + " operationNotExist", Ice.OperationNotExistException, lambda: call("operationNotExist"))

    def unknown(self):
        c, p, i, v = self.checks, self.peer, self.i, self.values
        # The compact form cannot be sliced, encoding 1.0 always can.
        uncut = self.known_there and not self.known_here and not self.old
        for form in ("fail", "failSliced", "failCompact"):
            call = getattr(p, form)
            if self.known_there and self.known_here:
                c.raises(form + " unknownUser", i.UnknownFailure, lambda: call("unknownUser"),
                         lambda e: (e.reason, e.unknown, e.more) == ("unknownUser", 3, "more"))
            elif uncut and form != "failSliced":
                c.raises(form + " unknownUser", Ice.UnknownUserException, lambda: call("unknownUser"))
            else:
                c.raises(form + " unknownUser", i.Failure, lambda: call("unknownUser"),
                         lambda e: e.reason == "unknownUser")
        whole = self.known_there and self.known_here
        base = i.Unknown1(7, "unknown") if whole else i.Base(7)
        c.equal("sendUnknownSliced", base, p.sendUnknownSliced)
        if uncut:
            c.raises("sendUnknownCompact", Ice.NoObjectFactoryException, p.sendUnknownCompact)
        else:
            c.equal("sendUnknownCompact", base, p.sendUnknownCompact)
        if self.known_here:
            c.equal("isIntactPreserved", self.known_there or not self.old,
                    lambda: p.isIntactPreserved(v.preserved_unknown()))
            kept = i.Preserved(5) if self.old and not self.known_there else v.preserved_unknown()
            c.equal("roundTripPreserved unknown", kept, lambda: p.roundTripPreserved(v.preserved_unknown()))
            if self.known_there:
                c.equal("sendUnknownPreserved", v.preserved_unknown(), p.sendUnknownPreserved)
                c.equal("isIntactPreserved altered", False, lambda: p.isIntactPreserved(i.PUnknown(5, "x", None, None)))
            else:
                c.true("sendUnknownPreserved", lambda r: r.p == 5, p.sendUnknownPreserved)
        elif self.known_there:
            # What came with slices that are unknown here must go back with them.
            c.equal("isIntactPreserved forwarded", not self.old, lambda: p.isIntactPreserved(p.sendUnknownPreserved()))
        c.equal("roundTripPreserved", i.Preserved(6), lambda: p.roundTripPreserved(i.Preserved(6)))
        c.equal("roundTripPreserved known", i.PreservedKnown(6, "k"),
                lambda: p.roundTripPreserved(i.PreservedKnown(6, "k")))
        c.equal("roundTripPreserved null", None, lambda: p.roundTripPreserved(None))

    def invocations(self):
        c, p = self.checks, self.peer
        cast = self.i.PeerPrx.uncheckedCast
        c.equal("operationMode", "normal", p.operationMode)
        c.equal("operationMode idempotent", "idempotent", p.operationModeIdempotent)
        c.equal("encodingVersion", self.options.encoding, p.encodingVersion)
        p.counted()
        oneway, batch = cast(p.ice_oneway()), cast(p.ice_batchOneway())
        for _ in range(10):
            oneway.count(1)
        c.equal("oneway", 10, lambda: self.counted(10))
        for _ in range(100):
            batch.count(2)
        c.equal("batch before flush", 0, p.counted)
        batch.ice_flushBatchRequests()
        c.equal("batch oneway", 200, lambda: self.counted(200))
        c.equal("count twoway", 5, lambda: (p.count(5), p.counted())[1])
        c.raises("oneway with result", Ice.TwowayOnlyException, lambda: oneway.echoInt(1))
        c.raises("invocation timeout", Ice.InvocationTimeoutException,
                 lambda: cast(p.ice_invocationTimeout(200)).sleep(1000))
        c.equal("after the timeout", 1, lambda: p.echoInt(1))
        big = bytes(range(256)) * 40960
        c.equal("10 MiB", big, lambda: p.echoBytes(big))
        connection = p.ice_getConnection()
        c.equal("same connection", True, lambda: p.ice_getConnection() == connection)
        other = cast(p.ice_connectionId("other"))
        c.equal("other connection", False, lambda: (other.ice_ping(), other.ice_getConnection() == connection)[1])

    def counted(self, expected):
        """Oneway requests may still be on their way."""
        total, end = 0, time.monotonic() + 10
        while total < expected and time.monotonic() < end:
            total += self.peer.counted()
        return total

    def context(self):
        c, p = self.checks, self.peer
        # Given through Ice.ImplicitContext=Shared, which stays empty until set.
        shared = self.ic.getImplicitContext()
        c.equal("context empty", {}, p.context)
        c.equal("context", {"a": "1", "\u00e4": "\u4e16"}, lambda: p.context({"a": "1", "\u00e4": "\u4e16"}))
        c.equal("contextValue", "54", lambda: p.contextValue("omero.group", {"omero.group": "54"}))
        c.equal("contextValue absent", "", lambda: p.contextValue("omero.group"))
        c.equal("proxy context", {"p": "q"}, self.i.PeerPrx.uncheckedCast(p.ice_context({"p": "q"})).context)
        shared.put("shared", "yes")
        c.equal("implicit context", {"shared": "yes"}, p.context)
        c.equal("explicit replaces implicit", {"a": "1"}, lambda: p.context({"a": "1"}))
        own = self.i.PeerPrx.uncheckedCast(p.ice_context({"p": "q", "shared": "own"}))
        c.equal("proxy's before implicit", {"p": "q", "shared": "own"}, own.context)
        shared.put("other", "too")
        c.equal("proxy's and implicit", {"p": "q", "shared": "own", "other": "too"}, own.context)
        c.equal("explicit replaces proxy's", {"a": "1"}, lambda: own.context({"a": "1"}))
        shared.setContext({})

    def asynchronous(self):
        c, p = self.checks, self.peer
        pending = [p.begin_sleep(1500) for _ in range(4)]
        numbers = [p.begin_echoInt(k) for k in range(64)]
        c.equal("overtaking", list(range(64)), lambda: [p.end_echoInt(r) for r in numbers])
        # Answered although the calls before them go on.
        c.equal("not held up", [False] * 4, lambda: [r.isCompleted() for r in pending])
        c.equal("sleeping", [None] * 4, lambda: [p.end_sleep(r) for r in pending])

    def callbacks(self):
        c, p, i = self.checks, self.peer, self.i
        received = []

        class CallbackI(i.Callback):
            def notify(self, n, text, current=None):
                received.append((n, text))
                return n * 10

            def ping(self, current=None):
                received.append("ping")

        def answers(call, times):
            received.clear()
            result = call(times)
            return result, received

        adapter = self.ic.createObjectAdapter("")
        ident = Ice.Identity("callback", "client")
        adapter.add(CallbackI(), ident)
        adapter.activate()
        p.ice_getConnection().setAdapter(adapter)
        expected = 100, ["ping"] + [(k, "call %d" % k) for k in range(5)]
        c.equal("callMe", expected, lambda: answers(lambda n: p.callMe(i.Ident(ident.name, ident.category), n), 5))
        # An identity that is not there: the callee's ObjectNotExistException is a local one for the caller, which in
        # turn sends it on as what it is.
        c.raises("callMe nobody", Ice.ObjectNotExistException, lambda: p.callMe(i.Ident("nobody", ""), 1))
        own = self.ic.createObjectAdapterWithEndpoints("own", "tcp -h 127.0.0.1")
        proxy = i.CallbackPrx.uncheckedCast(own.add(CallbackI(), ident))
        own.activate()
        c.equal("callProxy", expected, lambda: answers(lambda n: p.callProxy(proxy, n), 5))


def main():
    parser = peers.arguments(__doc__)
    parser.add_argument("--proxy", required=True)
    parser.add_argument("--encoding", choices=["1.0", "1.1"], default="1.1")
    parser.add_argument("--compress", action="store_true")
    parser.add_argument("--router", help="a Glacier2 router's proxy; the session is created as user/password")
    parser.add_argument("--server-lacks-unknown", action="store_true",
                        help="the server does without the types of InteropUnknown.ice")
    parser.add_argument("--shutdown", action="store_true", help="end the server at the end")
    options = parser.parse_args()
    options.property.insert(0, "Ice.ImplicitContext=Shared")
    interop = peers.load_slice(not options.no_unknown)
    ic = peers.communicator(options, "client")
    try:
        if options.router:
            import Glacier2

            router = Glacier2.RouterPrx.checkedCast(ic.stringToProxy(options.router))
            ic.setDefaultRouter(router)
            router.createSession("user", "password")
        proxy = ic.stringToProxy(options.proxy).ice_invocationTimeout(20000)
        proxy = proxy.ice_encodingVersion(Ice.stringToEncodingVersion(options.encoding))
        if options.compress:
            proxy = proxy.ice_compress(True)
        run = Run(ic, proxy, interop, options)
        code = run.everything()
        if options.shutdown:
            run.peer.shutdown()
        if options.router:
            router.destroySession()
        return code
    finally:
        ic.destroy()


if __name__ == "__main__":
    sys.exit(main())
