"""What the Python peers share: loading the Slice, making a communicator, the values they send, comparing results."""

import argparse
import os
import signal
import threading

import Ice

FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def load_slice(unknown=True):
    """Makes the module interop; with unknown=False without the types that only peers know."""
    name = "InteropUnknown.ice" if unknown else "Interop.ice"
    # --all: code for the included file too, which slice2py would otherwise expect as a module.
    Ice.loadSlice("", ["--all", "-I" + FOLDER, os.path.join(FOLDER, name)])
    import interop

    return interop


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--certs", help="folder with ca.pem, server.p12, client.p12 (scripts/peers makes it)")
    parser.add_argument("--verify-peer", default="2", help="IceSSL.VerifyPeer (default 2: certificates on both sides)")
    parser.add_argument("--no-unknown", action="store_true", help="do without the types of InteropUnknown.ice")
    parser.add_argument("--property", action="append", default=[], metavar="K=V", help="an Ice property")
    return parser


def properties_of(options, role):
    """The properties of a peer; role is the name of its certificate, "server" or "client"."""
    properties = Ice.createProperties()
    for key, value in {
        "Ice.MessageSizeMax": "262144",
        "Ice.Override.ConnectTimeout": "10000",
        "Ice.ThreadPool.Server.Size": "8",
        "Ice.ThreadPool.Server.SizeMax": "32",
        "Ice.ThreadPool.Client.Size": "4",
        # Failing on purpose is part of the tests.
        "Ice.Warn.Dispatch": "0",
        "Ice.Warn.Connections": "0",
    }.items():
        properties.setProperty(key, value)
    if options.certs:
        for key, value in {
            "Ice.Plugin.IceSSL": "IceSSL:createIceSSL",
            "IceSSL.DefaultDir": options.certs,
            "IceSSL.CAs": "ca.pem",
            # PKCS12, as 3.6 calls a key file of its own deprecated.
            "IceSSL.CertFile": role + ".p12",
            "IceSSL.Password": "password",
            "IceSSL.VerifyPeer": options.verify_peer,
        }.items():
            properties.setProperty(key, value)
    for pair in options.property:
        key, _, value = pair.partition("=")
        properties.setProperty(key, value)
    return properties


def communicator(options, role):
    data = Ice.InitializationData()
    data.properties = properties_of(options, role)
    return Ice.initialize(data)


def until_told():
    """An event that is set at the end of stdin or on SIGTERM, so that no peer outlives the test that started it.

    To be waited for in the main thread, which then ends the communicator: a thread of ours that is still inside Ice
    when the interpreter ends would abort the process.
    """
    told = threading.Event()

    def watch():
        # Not through sys.stdin, whose lock a thread must not hold when the interpreter ends.
        while os.read(0, 4096):
            pass
        told.set()

    signal.signal(signal.SIGTERM, lambda *_: told.set())
    threading.Thread(target=watch, daemon=True).start()
    return told


def same(a, b, seen=None):
    """Whether two values are equal, classes by content and shape: shared instances and cycles in the same places."""
    seen = {} if seen is None else seen
    if isinstance(a, Ice.ObjectPrx) or isinstance(b, Ice.ObjectPrx):
        return a == b
    if isinstance(a, Ice.Object) or isinstance(a, Ice.UserException):
        if type(a) is not type(b):
            return False
        if id(a) in seen or ("b", id(b)) in seen:
            return seen.get(id(a)) == id(b) and seen.get(("b", id(b))) == id(a)
        seen[id(a)] = id(b)
        seen[("b", id(b))] = id(a)
        names = {n for n in (*vars(a), *vars(b)) if not n.startswith("_")}
        return all(same(vars(a).get(n), vars(b).get(n), seen) for n in names)
    if isinstance(a, (bytes, bytearray)) and isinstance(b, (bytes, bytearray, list, tuple)):
        return bytes(a) == bytes(b)
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple, bytes, bytearray)):
        return len(a) == len(b) and all(same(x, y, seen) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        # In the order of keys, so that instances meet in the same order on both sides.
        return a.keys() == b.keys() and all(same(a[k], b[k], seen) for k in a)
    if hasattr(a, "__dict__") and type(a) is type(b):
        return all(same(v, vars(b).get(n), seen) for n, v in vars(a).items())
    if isinstance(a, float) and isinstance(b, float):
        return a == b or (a != a and b != b)
    return type(a) is type(b) and a == b


def as_received_in_1_0(value, seen=None):
    """Changes a value into what encoding 1.0 makes of it: no optional members, and proxies of encoding 1.0."""
    seen = set() if seen is None else seen
    if isinstance(value, Ice.ObjectPrx):
        return value.ice_encodingVersion(Ice.Encoding_1_0)
    if isinstance(value, list):
        return [as_received_in_1_0(v, seen) for v in value]
    if isinstance(value, tuple):
        return tuple(as_received_in_1_0(v, seen) for v in value)
    if isinstance(value, dict):
        return {k: as_received_in_1_0(v, seen) for k, v in value.items()}
    if hasattr(value, "__dict__") and not isinstance(value, Ice.EnumBase) and id(value) not in seen:
        seen.add(id(value))
        optional = {"om", "remark"} if isinstance(value, Ice.Object) else set()
        for name, v in vars(value).items():
            dropped = name in optional or type(value).__name__ == "Optionals"
            setattr(value, name, Ice.Unset if dropped else as_received_in_1_0(v, seen))
    return value


def show(value, depth=0):
    """A short text of a value for the lines of failed checks."""
    if isinstance(value, Ice.Object):
        if depth > 2:
            return "..."
        fields = ", ".join("%s=%s" % (n, show(v, depth + 1)) for n, v in sorted(vars(value).items()))
        return "%s(%s)" % (type(value).__name__, fields)
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return "[%s]" % ", ".join(show(v, depth + 1) for v in list(value)[:4]) + ("..." if len(value) > 4 else "")
    try:
        text = " ".join(repr(value).split())
    except TypeError:
        # 3.6 makes the text of a struct with anything beyond ASCII as bytes, which Python 3 refuses.
        text = object.__repr__(value)
    return text if len(text) < 200 else text[:200] + "..."


class Values:
    """The values that the peers send, made from the module interop."""

    def __init__(self, interop, ic):
        self.i = interop
        self.ic = ic

    def label(self, text="label"):
        return self.i.Label(text, [1, -2, 3], self.i.Point(4, 5))

    def node(self, name):
        return self.i.Node(name, None, [], {}, None)

    def ring(self, n):
        nodes = [self.node("node %d" % k) for k in range(n)]
        for k, node in enumerate(nodes):
            node.next = nodes[(k + 1) % n]
        return nodes[0] if nodes else None

    def ring_length(self, start):
        length, node = 0, start
        while node is not None:
            length += 1
            node = node.next
            if node is start:
                return length
            if node is None or length > 1000000:
                return -1
        return 0

    def web(self):
        """Cycles, sharing and every field of Node in use."""
        root, child, leaf = self.node("root"), self.node("child"), self.node("leaf \u00e9\u4e16\U0001f600")
        root.next, child.next = child, root
        root.children = [child, leaf, None, child]
        root.index = {"self": root}
        child.any = self.derived()
        leaf.any = leaf
        return root

    def derived(self):
        return self.i.Derived(1, "m", 2, 3.5, self.i.Base(9))

    def middle(self):
        return self.i.Middle(1, "middle", Ice.Unset)

    def preserved_unknown(self):
        left, right = self.node("left"), self.node("right")
        left.next, right.next = right, left
        b = self.i.Derived(1, "m", Ice.Unset, 3.5, self.i.Base(9))
        return self.i.PUnknown(5, "kept", left, b)

    def is_preserved_unknown(self, v):
        return same(v, self.preserved_unknown())

    def graph(self, n):
        owner = self.i.Item("owner", 0, 0, None)
        owner.owner = owner
        items = [self.i.Item("item %d" % k, k, k * 1000000007, owner) for k in range(1, n)]
        return [owner] + items if n else []

    def graph_size(self, items):
        for k, item in enumerate(items):
            name = "item %d" % k if k else "owner"
            if item is None or item.owner is not items[0]:
                return -1
            if (item.name, item.number, item.stamp) != (name, k, k * 1000000007):
                return -1
        return len(items)

    def options(self, full=True):
        """All members of Optionals, set or not."""
        i, v = self.i, self.i.Optionals()
        if not full:
            return v
        v.oBool, v.oByte, v.oShort, v.oInt, v.oLong = True, 200, -3, 70000, -(1 << 40)
        v.oFloat, v.oDouble, v.oString, v.oColour = 1.5, -2.25, "text", i.Colour.blue
        v.oBytes, v.oInts, v.oStrings = b"\x00\xff", [1, 2, 3], ["a", "", "c"]
        v.oPoint, v.oLabel = i.Point(1, 2), self.label()
        v.oPoints, v.oLabels = [i.Point(3, 4)], [self.label("x")]
        v.oIntInts, v.oDict, v.oProxy = {1: 2}, {"k": "v"}, self.proxy()
        v.oInt29, v.oInt30, v.oBase = 29, 30, self.derived()
        return v

    def proxy(self):
        return self.ic.stringToProxy("cat/name -f facet -o:tcp -h 127.0.0.1 -p 4063 -t 5000 -z")

    def fill(self, v):
        i = self.i
        v.aBool, v.aByte, v.aShort, v.anInt, v.aLong = True, 254, -32768, -2147483648, -(1 << 63)
        v.aFloat, v.aDouble, v.aString = 0.25, 1e300, "all \u00e9\u4e16\U0001f600"
        v.aColour, v.aWeight, v.aDistance = i.Colour.blue, i.Weight.heavy, i.Distance.far
        v.aPoint, v.aLabel = i.Point(-1, 1), self.label()
        v.bytes, v.bools, v.shorts, v.ints = b"\x01\x02", [True, False], [1, -1], [2, -2]
        v.longs, v.floats, v.doubles = [3, -3], [0.5, -0.5], [0.125, -0.125]
        v.strings, v.colours = ["", "x"], [i.Colour.green, i.Colour.red]
        v.points, v.labels = [i.Point(1, 2), i.Point(3, 4)], [self.label("l")]
        v.stringLists, v.dicts, v.proxies = [[], ["a", "b"]], [{}, {"a": "b"}], [self.proxy(), None]
        # One entry each, as the order of more is not the same everywhere.
        v.stringStrings, v.intStrings = {"a": "1"}, {-1: "minus"}
        v.colourPoints, v.longInts = {i.Colour.green: i.Point(5, 6)}, {1 << 40: [1, 2]}
        v.aProxy = self.proxy()
        v.aPeer = i.PeerPrx.uncheckedCast(self.ic.stringToProxy("peer:tcp -h 127.0.0.1 -p 1"))
        shared = self.web()
        v.nodes, v.stringNodes, v.aNode = [shared, None], {"s": shared}, shared
        v.anObject = i.CompactDerived("c", 6)
        return v

    def all_types(self):
        return self.fill(self.i.AllTypes())

    def all_types_more(self):
        v = self.fill(self.i.AllTypesMore())
        v.options, v.remark, v.last = self.options(), "remark", "last"
        return v
