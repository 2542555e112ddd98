"""omero-py as the judge of the Swift model and API: builds and checks instances, serves and calls every interface.

Prints "READY <endpoints>" once it listens; ends at the end of stdin. The object "judge" has the operations of `Judge`
below; there is one object for each interface of the schema, whose identity is its type id, with the interface's
operations and some to ask for what they take and return (`servant_class`). No Slice file describes these: the Ice
runtime for Python takes operations that are made while it runs.
"""

import functools
import keyword
import sys
import time
import traceback
import warnings

import Ice

import interface as omero_interface
from samples import Description, Sampler, difference

CALL = "call"  # the context's entry by which each call is known
RAISE = "raise"  # with which an operation raises an exception
SLOW = "slow"  # with which an operation takes its time


class Operation:
    """An operation of an interface, and what its sample call takes and gives."""

    def __init__(self, peer, owner, row):
        self.peer = peer
        self.row = row
        self.name = row["name"]
        # As the runtime for Python names what would be a keyword.
        self.method = "_" * keyword.iskeyword(self.name) + self.name
        self.seed = "%s.%s" % (owner, row["name"])
        self.parameters = [parameter["type"] for parameter in row.get("parameters", [])]
        self.result = row.get("result", {}).get("type")

    def sample(self, type, part):
        return Sampler(self.peer.interface, self.peer.communicator, "%s %s" % (self.seed, part)).value(type)

    def arguments(self):
        return [self.sample(type, number) for number, type in enumerate(self.parameters)]

    def result_value(self):
        return self.sample(self.result, "result") if self.result else None

    def exception(self):
        """One of those that it declares, or derived from one; None if it declares none."""
        known = self.peer.interface.exceptions
        found = [name for name in sorted(known) if name.startswith("::omero") and any(
            declared in self.peer.interface.bases(name, known) for declared in self.row.get("exceptions", []))]
        return self.peer.exception(found[sum(self.name.encode()) % len(found)]) if found else None

    def compare(self, types, ours, theirs):
        for number, (type, one, other) in enumerate(zip(types, ours, theirs)):
            found = difference(self.peer.describe(type, one), self.peer.describe(type, other))
            if found:
                return "%s, value %d: %s" % (self.seed, number, found)
        return ""


def servant_class(peer, name):
    """The class of the servant of an interface, with these operations for each operation X:

    arguments_X: what X's sample call takes, as out-parameters; result_X: what it returns;
    raise_X: raises the exception that X raises on demand; exception_X: the text of that; empty if X declares none.
    """
    members = {}
    interface = peer.interface

    def add(prefix, operation, method, **types):
        members["_op_" + prefix + operation.name] = interface.operation(prefix + operation.name, **types)
        members[prefix + operation.name] = method

    def own(operation):
        def call(self, *arguments):
            *arguments, current = arguments
            if current.ctx.get(CALL) != operation.name:
                raise ValueError("the context did not arrive: %s" % current.ctx)
            if SLOW in current.ctx:
                time.sleep(float(current.ctx[SLOW]))
            if RAISE in current.ctx:
                raise operation.exception()
            found = operation.compare(operation.parameters, operation.arguments(), arguments)
            if found:
                raise ValueError(found)
            peer.counts[operation.seed] = peer.counts.get(operation.seed, 0) + 1
            return operation.result_value()

        def call_async(self, callback, *arguments):
            try:
                result = call(self, *arguments)
            except Ice.UserException as error:
                callback.ice_exception(error)
            else:
                callback.ice_response(*([result] if operation.result else []))

        return call, call_async

    def oracle(operation):
        def arguments(self, current=None):
            values = operation.arguments()
            return values[0] if len(values) == 1 else tuple(values) or None

        def result(self, current=None):
            return operation.result_value()

        def raises(self, current=None):
            raise operation.exception()

        def exception(self, current=None):
            error = operation.exception()
            return Description.of_exception(interface, error) if error else ""

        add("arguments_", operation, arguments, outs=operation.parameters)
        add("result_", operation, result, result=operation.result)
        add("raise_", operation, raises, exceptions=operation.row.get("exceptions", []))
        add("exception_", operation, exception, result="string")

    base = interface.python(name)
    for row in interface.operations(name):
        operation = Operation(peer, name, row)
        call, call_async = own(operation)
        members.update({operation.method: call, operation.name + "_async": call_async})
        oracle(operation)
    return type("Servant", (base,), members)


class Peer:
    def __init__(self, communicator):
        self.communicator = communicator
        self.interface = omero_interface.Interface()
        self.interface.use(communicator)
        self.counts = {}

    def describe(self, type, value):
        return Description.of(self.interface, type, value)

    # MARK: Instances

    def cases(self):
        """`class how` for each class of which there are instances."""
        found = []
        for name in sorted(self.interface.factories):
            kinds = ["full", "null"]
            if self.interface.is_a(name, omero_interface.ROOT):
                kinds.append("unloaded")
            sampler = self.sampler(name, "cyclic")
            sampler.filled(name, 0)
            if sampler.refers_back:
                kinds.append("cyclic")
            found += ["%s %s" % (name, how) for how in kinds]
        return found

    def sampler(self, name, how):
        return Sampler(self.interface, self.communicator, name + " " + how, how)

    def instance(self, case):
        name, how = case.split(" ")
        sampler = self.sampler(name, "full" if how == "unloaded" else how)
        if how == "unloaded":
            return sampler.unloaded(name)
        return sampler.blank(name) if how == "null" else sampler.filled(name, 0)

    @functools.cache
    def text(self, case):
        return self.describe("Object", self.instance(case))

    def exception(self, name):
        sampler = self.sampler(name, "full")
        made = self.interface.python(name)()
        for field in self.interface.fields(name, self.interface.exceptions):
            setattr(made, field["name"], sampler.value(field["type"], 1, field["name"]))
        return made

    # MARK: Calls of our operations by omero-py's proxies

    def call_all(self, name, proxy):
        """What went wrong when each operation of a Swift servant was called; the last line says how many were."""
        found, results, exceptions = [], 0, 0
        proxy = self.cast(name, proxy)
        for row in self.interface.operations(name):
            operation = Operation(self, name, row)
            method = getattr(proxy, operation.method)
            try:
                result = method(*operation.arguments(), {CALL: operation.name})
                if operation.result:
                    found += filter(None, [operation.compare([operation.result], [operation.result_value()], [result])])
                results += 1
            except Exception:
                found.append("%s: %s" % (operation.seed, traceback.format_exc()))
            wanted = operation.exception()
            if wanted is None:
                continue
            try:
                method(*operation.arguments(), {CALL: operation.name, RAISE: "1"})
                found.append("%s: no exception" % operation.seed)
            except Ice.UserException as error:
                texts = [Description.of_exception(self.interface, each) for each in (wanted, error)]
                found += filter(None, [difference(*texts)])
                exceptions += 1
            except Exception:
                found.append("%s: %s" % (operation.seed, traceback.format_exc()))
        return found + ["%d results, %d exceptions" % (results, exceptions)]

    def call_missing(self, name, proxy):
        """Calls each operation of a Swift servant that has none of them."""
        found, count = [], 0
        proxy = self.cast(name, proxy)
        for row in self.interface.operations(name):
            operation = Operation(self, name, row)
            try:
                getattr(proxy, operation.method)(*operation.arguments())
                found.append("%s: is there" % operation.seed)
            except Ice.OperationNotExistException as error:
                if error.operation != operation.name:
                    found.append("%s: another operation, %s" % (operation.seed, error.operation))
                count += 1
            except Exception:
                found.append("%s: %s" % (operation.seed, traceback.format_exc()))
        return found + ["%d missing" % count]

    def cast(self, name, proxy):
        """A proxy of the interface, if the object says that it has it."""
        module, _, last = name.rpartition("::")
        cast = self.interface.python(module + "::" + last + "Prx").checkedCast(proxy)
        if cast is None or proxy.ice_id() != name:
            raise ValueError("%s is not a %s" % (proxy, name))
        return cast


def judge_class(peer):
    interface = peer.interface
    exceptions = [name for name in interface.exceptions if name.startswith("::omero")]
    failing = interface.operation("fail", parameters=["string"], exceptions=exceptions)

    class Judge(Ice.Object):
        _op_cases = interface.operation("cases", result="::Ice::StringSeq")
        _op_exceptions = interface.operation("exceptions", result="::Ice::StringSeq")
        _op_interfaces = interface.operation("interfaces", result="::Ice::StringSeq")
        _op_build = interface.operation("build", ["string"], ["string"], "Object")
        _op_check = interface.operation("check", ["string", "Object"], result="string")
        _op_fail = failing
        _op_describeException = interface.operation("describeException", ["string"], result="string")
        _op_catch = interface.operation("catch", ["string", "Object*"], result="string")
        _op_callAll = interface.operation("callAll", ["string", "Object*"], result="::Ice::StringSeq")
        _op_callMissing = interface.operation("callMissing", ["string", "Object*"], result="::Ice::StringSeq")

        def cases(self, current=None):
            return peer.cases()

        def exceptions(self, current=None):
            return exceptions

        def interfaces(self, current=None):
            return [name for name in sorted(interface.interfaces) if name.startswith("::omero")]

        def build(self, case, current=None):
            return peer.instance(case), peer.text(case)

        def check(self, case, value, current=None):
            return difference(peer.text(case), peer.describe("Object", value))

        def fail(self, name, current=None):
            raise peer.exception(name)

        def describeException(self, name, current=None):
            return Description.of_exception(interface, peer.exception(name))

        def catch(self, name, proxy, current=None):
            """Calls `fail` of a Swift servant, in the encoding of the proxy; what is wrong with what it throws."""
            try:
                failing.invoke(proxy, ((name,), None))
            except Ice.UserException as error:
                return difference(*[Description.of_exception(interface, each) for each in (peer.exception(name), error)])
            return "no exception"

        def callAll(self, name, proxy, current=None):
            return peer.call_all(name, proxy)

        def callMissing(self, name, proxy, current=None):
            return peer.call_missing(name, proxy)

    return Judge


def main():
    omero_interface.load_stubs()
    warnings.showwarning = lambda *_: None  # some classes of the model are deprecated
    properties = Ice.createProperties()
    for key, value in {
        "Ice.MessageSizeMax": "65536",
        "Ice.ThreadPool.Server.Size": "8",
        "Ice.ThreadPool.Server.SizeMax": "64",
        "Ice.ThreadPool.Client.Size": "4",
        # Failing on purpose is part of the tests.
        "Ice.Warn.Dispatch": "0",
        "Ice.Warn.Connections": "0",
    }.items():
        properties.setProperty(key, value)
    data = Ice.InitializationData()
    data.properties = properties
    communicator = Ice.initialize(data)
    try:
        peer = Peer(communicator)
        adapter = communicator.createObjectAdapterWithEndpoints("OMERO", "tcp -h 127.0.0.1 -p 0")
        proxy = adapter.add(judge_class(peer)(), communicator.stringToIdentity("judge"))
        for name in peer.interface.interfaces:
            identity = Ice.Identity(name=name, category="")
            adapter.add(servant_class(peer, name)(), identity)
        adapter.activate()
        print("READY", communicator.proxyToString(proxy), flush=True)
        sys.stdin.read()
    finally:
        communicator.destroy()


if __name__ == "__main__":
    sys.exit(main())
