"""Compares the gateway with omero-py's BlitzGateway on one server, in one run; scripts/bench gateway calls it.

bench_gateway.py compare --swift GATEWAY_BENCH [--rounds N]
bench_gateway.py KIND PORT COUNT        what gateway-bench does, with omero-py
"""

import os
import statistics
import subprocess
import sys
import threading
import time

USER, PASSWORD = "sample-member", "member-2"


# omero-py

def gateway(port):
    import omero.clients  # noqa: F401
    from omero.gateway import BlitzGateway
    conn = BlitzGateway(USER, PASSWORD, host="127.0.0.1", port=port, secure=True)
    if not conn.connect():
        sys.exit("omero-py did not connect: %s" % conn.getLastError())
    return conn


def ask(conn):
    """The event context from the server, not from the gateway's memory of it."""
    return conn.getAdminService().getEventContext()


def times(values):
    print("TIMES " + " ".join(map(repr, values)), flush=True)


def connect(port, count):
    result = []
    for _ in range(count):
        started = time.perf_counter()
        conn = gateway(port)
        if ask(conn).userName != USER:
            sys.exit("another user")
        result.append(time.perf_counter() - started)
        conn.close()
    times(result)


def whoami(port, count):
    conn = gateway(port)
    admin = conn.c.sf.getAdminService()
    for _ in range(20):
        admin.getEventContext()
    result = []
    for _ in range(count):
        started = time.perf_counter()
        admin.getEventContext()
        result.append(time.perf_counter() - started)
    conn.close()
    times(result)


def mixed(port, count):
    conn = gateway(port)
    admin, query = conn.c.sf.getAdminService(), conn.c.sf.getQueryService()
    group = admin.getEventContext().groupId
    everywhere = {"omero.group": "-1"}

    def one(number):
        kind = number % 4
        if kind == 0:
            admin.getEventContext()
        elif kind == 1:
            admin.getGroup(group)
        elif kind == 2:
            query.projection("select p.id, p.name from Project p", None, everywhere)
        else:
            list(conn.getObjects("Project"))

    for number in range(40):
        one(number)
    failures = []

    def work(task):
        try:
            for number in range(task, count, 32):
                one(number)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(task,)) for task in range(32)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    elapsed = time.perf_counter() - started
    if failures:
        sys.exit("omero-py failed: %r" % failures[0])
    conn.close()
    times([elapsed])


def memory(port, count):
    held = [gateway(port) for _ in range(count)]
    for conn in held:
        ask(conn)
    print("READY %d" % len(held), flush=True)
    sys.stdin.read()
    os._exit(0)


# Comparing

def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, timeout=600)
    for line in done.stdout.splitlines():
        if line.startswith("TIMES "):
            return [float(word) for word in line.split()[1:]]
    sys.exit("%s: no times (exit %d)" % (" ".join(command[-3:]), done.returncode))


def resident(command):
    """Kilobytes of a process that holds gateways."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
    try:
        if not process.stdout.readline().startswith("READY"):
            sys.exit("%s did not get ready" % " ".join(command[-3:]))
        with open("/proc/%d/status" % process.pid) as status:
            return int(next(line for line in status if line.startswith("VmRSS:")).split()[1])
    finally:
        process.stdin.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def line(name, value, wanted, limit, note):
    holds = value >= limit if wanted == ">=" else value <= limit
    print("bench %s %.2f wanted %s %s: %s" % (name, value, wanted, limit, "holds" if holds else "falls short"))
    print("      " + note, flush=True)


def compare(swift, rounds):
    server = subprocess.Popen([swift, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              universal_newlines=True)
    try:
        port = server.stdout.readline().split()[1]
        python = [sys.executable, "-W", "ignore", os.path.abspath(__file__)]
        for name, kind, count, limit, unit in (
                ("gateway-connect", "connect", 20, 3, 1e3), ("gateway-whoami", "whoami", 500, 5, 1e6),
                ("gateway-mixed-1000", "mixed", 1000, 10, 1e3)):
            ours, theirs = [], []
            for number in range(rounds):
                print("  %s, round %d of %d" % (kind, number + 1, rounds), file=sys.stderr, flush=True)
                ours += run([swift, kind, port, str(count)])
                theirs += run(python + [kind, port, str(count)])
            a, b = statistics.median(ours), statistics.median(theirs)
            word = {1e3: "ms", 1e6: "us"}[unit]
            line(name, b / a, ">=", limit, "Swift %.1f %s, omero-py %.1f %s" % (a * unit, word, b * unit, word))
        print("  memory", file=sys.stderr, flush=True)
        a, b = resident([swift, "memory", port, "500"]), resident(python + ["memory", port, "500"])
        line("gateway-memory-500", a / b, "<=", 0.1, "Swift %.1f MiB, omero-py %.1f MiB" % (a / 1024, b / 1024))
    finally:
        server.stdin.close()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def main():
    if sys.argv[1] == "compare":
        options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
        compare(options["--swift"], int(options.get("--rounds", "3")))
    else:
        {"connect": connect, "whoami": whoami, "mixed": mixed, "memory": memory}[sys.argv[1]](
            int(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main()
