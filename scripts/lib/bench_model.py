"""Compares reading and writing of OMERO's objects with omero-py in one run; scripts/bench calls it.

A result of 10,000 projects is encoded by omero-py once; both sides read, walk and write the same bytes. IcePy has no
way to decode bytes in memory, so its time is that of a typed call minus that of the same call as raw bytes
(ice_invoke), against a server in a process of its own that keeps the bytes and gives them back: what remains is what
Python takes from bytes to objects, or from objects to bytes. The server and the transport cancel out.
"""

import argparse
import gc
import json
import os
import re
import statistics
import subprocess
import sys
import time

COUNT = 10000


def communicator():
    import Ice
    import omero.all  # noqa: F401
    import omero.ObjectFactoryRegistrar as registrar
    import omero.rtypes

    data = Ice.InitializationData()
    data.properties = Ice.createProperties()
    data.properties.setProperty("Ice.MessageSizeMax", "0")
    ice = Ice.initialize([], data)
    registrar.registerObjectFactory(ice, None)
    for factory in omero.rtypes.ObjectFactories.values():
        factory.register(ice)
    return ice


def serve():
    """Keeps the parameters of saveCollection and gives them back as the result of findAllByQuery."""
    import Ice

    ice = communicator()
    kept = [b""]
    empty = b"\x06\x00\x00\x00\x01\x01"

    class Servant(Ice.Blobject):
        def ice_invoke(self, parameters, current):
            if current.operation == "saveCollection":
                if not kept[0]:
                    kept[0] = parameters
                return True, empty
            return True, kept[0]

    adapter = ice.createObjectAdapterWithEndpoints("bench", "tcp -h 127.0.0.1")
    proxy = adapter.add(Servant(), ice.stringToIdentity("bench"))
    adapter.activate()
    print("READY %s" % proxy, flush=True)
    sys.stdin.read()
    ice.destroy()


def projects():
    """As the server answers "select p from Project p join fetch p.details.owner …": who and when are shared, what
    belongs to the row (details, permissions, values) is not."""
    import omero.model as model
    from omero.rtypes import rbool, rint, rlong, rstring, rtime

    def saved(kind, number):
        instance = kind()
        instance._id = rlong(number)
        return instance

    groups, owners, events = [], [], []
    for number in range(6):
        group = saved(model.ExperimenterGroupI, number)
        group.name, group.ldap, group.version = rstring("group of laboratory %d" % number), rbool(False), rint(0)
        group.unloadGroupExperimenterMap()
        group.unloadAnnotationLinks()
        groups.append(group)
    for number in range(24):
        owner = saved(model.ExperimenterI, number)
        owner.omeName, owner.firstName = rstring("user-%d" % number), rstring("First%d" % number)
        owner.lastName, owner.email = rstring("Last%d" % number), rstring("user-%d@example.org" % number)
        owner.ldap, owner.version = rbool(False), rint(0)
        owner.unloadGroupExperimenterMap()
        owner.unloadAnnotationLinks()
        owners.append(owner)
    for number in range(48):
        event = saved(model.EventI, number)
        event.time = rtime(1700000000000 + 3600000 * number)
        event.experimenter, event.experimenterGroup = owners[number % 24], groups[number % 6]
        event.type, event.session = model.EventTypeI(2, False), model.SessionI(number, False)
        event.unloadLogs()
        events.append(event)
    found = []
    for number in range(COUNT):
        project = saved(model.ProjectI, number + 1)
        project.version, project.name = rint(0), rstring("Project number %d" % number)
        project.description = rstring("What project %d is about, in some words." % number)
        project.unloadDatasetLinks()
        project.unloadAnnotationLinks()
        details = project.details
        details._owner, details._group = owners[number % 24], groups[number % 6]
        details._creationEvent = details._updateEvent = events[number % 48]
        details._permissions = model.PermissionsI("rwra--")
        details._permissions._restrictions = [False] * 5
        found.append(project)
    return found


def walk(found):
    total = 0
    for project in found:
        details = project.details
        total += project.id.val + len(project.name.val) + len(details.owner.omeName.val)
        total += len(details.group.name.val) + details.creationEvent.time.val % 1000003
        total += 1 if details.permissions.canEdit() else 0
    return total


def resident():
    with open("/proc/self/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read()).group(1)) * 1024


def timed(body, rounds=7):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        body()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def client(proxy, path):
    """Prints the figures of omero-py, in microseconds per result, and writes the bytes to `path`."""
    import Ice
    import omero.api

    ice = communicator()
    base = ice.stringToProxy(proxy)
    query, update = omero.api.IQueryPrx.uncheckedCast(base), omero.api.IUpdatePrx.uncheckedCast(base)
    kept = projects()
    update.saveCollection(kept, None)
    _, raw = base.ice_invoke("findAllByQuery", Ice.OperationMode.Normal, b"\x06\x00\x00\x00\x01\x01")
    if path:
        # Without the encapsulation's size and version.
        with open(path, "wb") as file:
            file.write(bytes(raw[6:]))
    found = query.findAllByQuery("", None)
    assert len(found) == COUNT and walk(found) == walk(kept)
    del kept
    gc.collect()
    before = resident()
    more = [query.findAllByQuery("", None) for _ in range(3)]
    memory = (resident() - before) / 3
    del more
    read = timed(lambda: query.findAllByQuery("", None))
    raw_read = timed(lambda: base.ice_invoke("findAllByQuery", Ice.OperationMode.Normal, b"\x06\x00\x00\x00\x01\x01"))
    write = timed(lambda: update.saveCollection(found, None))
    raw_write = timed(lambda: base.ice_invoke("saveCollection", Ice.OperationMode.Normal, raw))
    for name, value in (("decode", read - raw_read), ("walk", timed(lambda: walk(found))), ("encode", write - raw_write),
                        ("raw-read", raw_read), ("raw-write", raw_write), ("memory", memory), ("sum", walk(found))):
        print(json.dumps({"name": name, "value": value}), flush=True)
    ice.destroy()


def results(command):
    text = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, timeout=600, check=True).stdout
    return {row["name"]: row["value"] for row in map(json.loads, filter(lambda l: l.startswith("{"), text.splitlines()))}


def instructions(swift, path, work):
    """Instructions per object: of six runs less those of one, which pays for the start of the program."""
    def counted(count):
        command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", swift, "repeat", "--bytes", path,
                   "--work", work, "--count", str(count)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True, timeout=900)
        found = re.search(r"Collected : (\d+)", done.stdout)
        if done.returncode or not found:
            sys.exit("callgrind does not work here: %s" % done.stdout[-2000:])
        return int(found.group(1))
    return (counted(6) - counted(1)) / 5 / COUNT


def say(name, value, operator, limit, text):
    holds = value <= limit if operator == "<=" else value >= limit
    print("bench %s %.2f wanted %s %.1f: %s" % (name, value, operator, limit, "holds" if holds else "falls short"))
    print("      %s" % text, flush=True)


def compare(options):
    path = os.path.join(options.work, "projects.bytes")
    server = subprocess.Popen([sys.executable, __file__, "server"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              universal_newlines=True)
    swift, python = {}, {}
    try:
        proxy = server.stdout.readline().strip()[len("READY "):]
        for number in range(options.rounds):
            print("  round %d of %d" % (number + 1, options.rounds), file=sys.stderr, flush=True)
            for found, command in (
                (python, [sys.executable, __file__, "client", "--proxy", proxy, "--bytes", path]),
                (swift, [options.swift, "codec", "--bytes", path]),
            ):
                for name, value in results(command).items():
                    found.setdefault(name, []).append(value)
    finally:
        server.stdin.close()
        server.wait(20)
    ours = {name: statistics.median(values) for name, values in swift.items()}
    theirs = {name: statistics.median(values) for name, values in python.items()}
    if ours["sum"] != theirs["sum"]:
        sys.exit("the two sides did not read the same: %s and %s" % (ours["sum"], theirs["sum"]))
    print("      %d bytes for %d projects" % (os.path.getsize(path), COUNT))
    for name, parts in (("decode-walk", ("decode", "walk")), ("decode", ("decode",)), ("walk", ("walk",)),
                        ("encode", ("encode",))):
        us, them = sum(ours[part] for part in parts), sum(theirs[part] for part in parts)
        say("model-%s-speed" % name, them / us, ">=", 10.0,
            "per project: Swift %.3f us, omero-py %.3f us" % (us / COUNT, them / COUNT))
    say("model-memory-per-project", ours["footprint"] / COUNT, "<=", 1024.0,
        "bytes of the graph with the handles; resident: Swift %.0f, omero-py %.0f" %
        (ours["memory"] / COUNT, theirs["memory"] / COUNT))
    # Valgrind 3.19 gives up on the debugging information of Swift 6.
    bare = os.path.join(options.work, "model-bench")
    subprocess.run(["strip", "-g", "-o", bare, options.swift], check=True)
    for work in ("decode", "walk", "encode"):
        print("      %s: %.0f instructions per project" % (work, instructions(bare, path, work)), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["compare", "server", "client"])
    for name in ("swift", "work", "proxy", "bytes"):
        parser.add_argument("--" + name)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.mode == "server":
        serve()
    elif options.mode == "client":
        client(options.proxy, options.bytes)
    else:
        compare(options)


if __name__ == "__main__":
    main()
