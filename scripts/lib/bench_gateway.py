"""Compares the gateway with omero-py's BlitzGateway on one server, in one run; scripts/bench gateway calls it.

bench_gateway.py compare --swift GATEWAY_BENCH --server GATEWAY_BENCH_SERVER [--rounds N]
bench_gateway.py KIND PORT COUNT        what gateway-bench does, with omero-py
"""

import json
import os
import statistics
import subprocess
import sys
import threading
import time

USER, PASSWORD = "bench-user", "bench-password"


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


def facts(value):
    print("FACTS " + json.dumps(value), flush=True)


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


def repeated(count, question):
    """The times of one call after the other, after some to get warm."""
    for _ in range(20):
        question()
    result = []
    for _ in range(count):
        started = time.perf_counter()
        question()
        result.append(time.perf_counter() - started)
    return result


def context(port, count):
    conn = gateway(port)
    times(repeated(count, lambda: ask(conn)))
    conn.close()


def who(conn):
    """Who the session's user is, asked afresh: BlitzGateway keeps the event context and the user, and that is how it is
    used within one question; from one to the next it has to forget them."""
    conn._ctx = None
    conn.setUserId(None)
    user = conn.getUser()
    return {
        "id": conn.getUserId(), "name": user.getName(), "fullName": user.getFullName(),
        "group": conn.getGroupFromContext().getName(),
        # A group comes once for each of its members.
        "groups": sorted({group.getName() for group in conn.getGroupsMemberOf()}),
        "leads": sorted({group.getName() for group in conn.getGroupsLeaderOf()}),
        "isAdmin": conn.isAdmin(), "isFullAdmin": conn.isFullAdmin(),
        "privileges": sorted(conn.getCurrentAdminPrivileges()),
    }


def whoami(port, count):
    conn = gateway(port)
    facts(who(conn))
    times(repeated(count, lambda: who(conn)))
    conn.close()


class WebPages:
    """What the pages of a web application ask for, one part per call."""

    def __init__(self, conn):
        self.conn = conn
        self.group = conn.getEventContext().groupId

    def part(self, number):
        return (self.head, self.members, self.count, self.projects)[number % 4]()

    def head(self):
        """The head of a page: who is there, in which group."""
        me = ask(self.conn)
        return [[me.userName, me.groupName, str(me.isAdmin).lower()]]

    def members(self):
        """The group's members, for the menu."""
        leaders, members = self.conn.getObject("ExperimenterGroup", self.group).groupSummary()
        return sorted([[user.getFullName(), "true"] for user in leaders]
                      + [[user.getFullName(), "false"] for user in members])

    def count(self):
        rows = self.conn.getQueryService().projection(
            "select count(distinct obj.id) from Project obj", None, self.conn.SERVICE_OPTS)
        return [[str(rows[0][0].val)]]

    def projects(self):
        """A page of a list: 200 projects with their owners."""
        found = self.conn.getObjects("Project", opts={"limit": 200, "offset": 0, "order_by": "obj.id"})
        return [[str(project.getId()), project.getName(), project.getOwnerFullName(),
                 str(int(project.getDate().timestamp())), str(project.canEdit()).lower()] for project in found]


def mixed(port, count):
    conn = gateway(port)
    pages = WebPages(conn)
    for number in range(4):
        facts(pages.part(number))
    for number in range(40):
        pages.part(number)
    failures = []

    def work(task):
        try:
            for number in range(task, count, 32):
                pages.part(number)
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
    """The times that a side measured, and what it was answered."""
    done = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, timeout=600)
    answers = [json.loads(line[6:]) for line in done.stdout.splitlines() if line.startswith("FACTS ")]
    for line in done.stdout.splitlines():
        if line.startswith("TIMES "):
            return [float(word) for word in line.split()[1:]], answers
    sys.exit("%s: no times (exit %d)" % (" ".join(command[-3:]), done.returncode))


def resident(command):
    """Kilobytes of a process that holds gateways: resident, and of these the anonymous ones: no program's or library's
    pages."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
    try:
        if not process.stdout.readline().startswith("READY"):
            sys.exit("%s did not get ready" % " ".join(command[-3:]))
        with open("/proc/%d/status" % process.pid) as status:
            sizes = dict(line.split(":", 1) for line in status)
        return [int(sizes[name].split()[0]) for name in ("VmRSS", "RssAnon")]
    finally:
        process.stdin.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def line(name, value, wanted, limit, note):
    if limit is None:
        print("bench %s %.2f" % (name, value))
    else:
        holds = value >= limit if wanted == ">=" else value <= limit
        print("bench %s %.2f wanted %s %s: %s" % (name, value, wanted, limit, "holds" if holds else "falls short"))
    print("      " + note, flush=True)


FIGURES = (
    ("gateway-connect", "connect", 20, 3, "ms"), ("gateway-event-context", "context", 500, None, "us"),
    ("gateway-whoami", "whoami", 200, 5, "us"), ("gateway-mixed-1000", "mixed", 1000, 10, "ms"))


def compare(swift, server, rounds):
    server = subprocess.Popen([server, "serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              universal_newlines=True)
    try:
        port = server.stdout.readline().split()[1]
        python = [sys.executable, "-W", "ignore", os.path.abspath(__file__)]
        for name, kind, count, limit, unit in FIGURES:
            ours, theirs = [], []
            for number in range(rounds):
                print("  %s, round %d of %d" % (kind, number + 1, rounds), file=sys.stderr, flush=True)
                our_times, our_answers = run([swift, kind, port, str(count)])
                their_times, their_answers = run(python + [kind, port, str(count)])
                if our_answers != their_answers:
                    sys.exit("the sides were not answered the same:\n%r\n%r" % (our_answers, their_answers))
                ours += our_times
                theirs += their_times
            a, b = statistics.median(ours), statistics.median(theirs)
            scale = {"ms": 1e3, "us": 1e6}[unit]
            line(name, b / a, ">=", limit, "Swift %.1f %s, omero-py %.1f %s" % (a * scale, unit, b * scale, unit))
        print("  memory", file=sys.stderr, flush=True)
        few = [resident(side + ["memory", port, "1"]) for side in ([swift], python)]
        many = [resident(side + ["memory", port, "500"]) for side in ([swift], python)]
        line("gateway-memory-500", many[0][0] / many[1][0], "<=", 0.1,
             "Swift %.1f MiB, omero-py %.1f MiB; with one gateway %.1f and %.1f; anonymous %.1f and %.1f, with one "
             "gateway %.1f and %.1f" % tuple(
                 side[which] / 1024 for which in (0, 1) for sides in (many, few) for side in sides))
    finally:
        server.stdin.close()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def main():
    if sys.argv[1] == "compare":
        options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
        compare(options["--swift"], options["--server"], int(options.get("--rounds", "3")))
    else:
        {"connect": connect, "context": context, "whoami": whoami, "mixed": mixed, "memory": memory}[sys.argv[1]](
            int(sys.argv[2]), int(sys.argv[3]))


if __name__ == "__main__":
    main()
