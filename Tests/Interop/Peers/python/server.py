"""Serves interop::Peer with zeroc-ice 3.6.5. Prints "READY <proxy>" once it listens.

Identities: "interop" (also its facet "second") and everything in the category "default". Ends on the operation
shutdown, at the end of stdin, or on SIGTERM.
"""

import sys
import time

import Ice

import peers


def servant_class(interop, values, facet="", unknown=True, finish=lambda: None):
    """The servant's class, made here because the generated module exists only after load_slice.

    finish() is what the operation shutdown does.
    """

    echoes = [name for name in vars(interop.PeerPrx) if name.startswith(("echo", "opt"))]

    class PeerI(interop.Peer):
        def __init__(self):
            self.totals = {}

        def addAll(self, a, b, c, d, current=None):
            return a + b + c + d, "%d+%d+%d+%d" % (a, b, c, d)

        def echoEverything(self, v, current=None):
            colours = [interop.Colour.red, interop.Colour.green, interop.Colour.blue]
            return v, v.aString * 2, colours[(v.aColour.value + 1) % 3]

        def divide(self, a, b, current=None):
            if b == 0:
                raise interop.Failure("division by zero")
            # Slice says nothing of rounding: towards zero, as most languages do it.
            quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
            return quotient, a - quotient * b

        def echoPair(self, v, current=None):
            return v, v.first is v.second

        def optMixed(self, b, required, a, current=None):
            text = "" if b is Ice.Unset else b
            number = 0 if a is Ice.Unset else a
            return required + number + len(text), b, required * 2, a

        def ring(self, n, current=None):
            return values.ring(n)

        def ringLength(self, n, current=None):
            return values.ring_length(n)

        def graph(self, n, current=None):
            return values.graph(n)

        def graphSize(self, v, current=None):
            return values.graph_size(v)

        def fail(self, kind, current=None):
            raises(kind)

        failSliced = failCompact = fail

        def sendUnknownSliced(self, current=None):
            return interop.Unknown1(7, "unknown") if unknown else interop.Base(7)

        sendUnknownCompact = sendUnknownSliced

        def sendUnknownPreserved(self, current=None):
            return values.preserved_unknown() if unknown else interop.Preserved(5)

        def roundTripPreserved(self, v, current=None):
            return v

        def isIntactPreserved(self, v, current=None):
            if unknown:
                return values.is_preserved_unknown(v)
            return v.p == 5 and getattr(v, "_ice_slicedData", None) is not None

        # Clients that count at the same time name themselves in the context.
        def count(self, n, current=None):
            key = current.ctx.get("counter", "")
            self.totals[key] = self.totals.get(key, 0) + n

        def counted(self, current=None):
            return self.totals.pop(current.ctx.get("counter", ""), 0)

        def sleep(self, milliseconds, current=None):
            time.sleep(milliseconds / 1000)

        def contextValue(self, key, current=None):
            return current.ctx.get(key, "")

        def context(self, current=None):
            return current.ctx

        def facetName(self, current=None):
            assert current.facet == facet
            return current.facet

        def identity(self, current=None):
            return interop.Ident(current.id.name, current.id.category)

        def operationMode(self, current=None):
            return str(current.mode).lower()

        operationModeIdempotent = operationMode

        def encodingVersion(self, current=None):
            return Ice.encodingVersionToString(current.encoding)

        def callMe(self, ident, times, current=None):
            proxy = current.con.createProxy(Ice.Identity(ident.name, ident.category))
            return call(interop.CallbackPrx.uncheckedCast(proxy), times)

        def callProxy(self, proxy, times, current=None):
            return call(proxy, times)

        def shutdown(self, current=None):
            finish()

    def call(proxy, times):
        proxy = interop.CallbackPrx.uncheckedCast(proxy.ice_invocationTimeout(20000))
        proxy.ping()
        return sum(proxy.notify(k, "call %d" % k) for k in range(times))

    def raises(kind):
        if kind == "failure":
            raise interop.Failure("failure")
        if kind == "detailed":
            raise interop.DetailedFailure("detailed", 17, values.node("where"), "a hint")
        if kind == "detailedNoHint":
            raise interop.DetailedFailure("detailed", 17, None)
        if kind == "unknownUser":
            raise interop.UnknownFailure("unknownUser", 3, "more") if unknown else interop.Failure("unknownUser")
        if kind == "undeclared":
            raise interop.Undeclared("undeclared")
        if kind == "local":
            raise Ice.TimeoutException()
        if kind == "crash":
            raise RuntimeError("crash")
        if kind == "objectNotExist":
            raise Ice.ObjectNotExistException()
        if kind == "facetNotExist":
            raise Ice.FacetNotExistException()
        if kind == "operationNotExist":
            raise Ice.OperationNotExistException()

    def echo(self, v, current=None):
        return v

    for name in echoes:
        if name not in vars(PeerI) and "_" not in name:
            setattr(PeerI, name, echo)
    return PeerI


def main():
    parser = peers.arguments(__doc__)
    parser.add_argument("--endpoints", default="tcp -h 127.0.0.1 -p 0", help="several are joined by ':'")
    options = parser.parse_args()
    interop = peers.load_slice(not options.no_unknown)
    ic = peers.communicator(options, "server")
    try:
        adapter = ic.createObjectAdapterWithEndpoints("Peer", options.endpoints)
        values = peers.Values(interop, ic)
        told = peers.until_told()
        unknown = not options.no_unknown
        servant = servant_class(interop, values, "", unknown, told.set)()
        identity = ic.stringToIdentity("interop")
        proxy = adapter.add(servant, identity)
        adapter.addFacet(servant_class(interop, values, "second", unknown, told.set)(), identity, "second")
        adapter.addDefaultServant(servant, "default")
        adapter.activate()
        print("READY", ic.proxyToString(proxy), flush=True)
        told.wait()
    finally:
        ic.destroy()


if __name__ == "__main__":
    sys.exit(main())
