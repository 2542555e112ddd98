"""The wall clock of a whole process jumps an hour forward and back while others go on: the server's under omero-py and a
gateway of ours, then a client's. See README.md.

wall_clock.c moves the wall clock of a process; its monotonic clocks and timers go on, as when somebody sets the clock of
a machine."""

import argparse
import collections
import os
import random
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
from omero.gateway import BlitzGateway
from omero.rtypes import rstring

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Server"))

from checks import Checks, equal, eventually  # noqa: E402
from blitz import Blitz, KeepsAlive, Server  # noqa: E402
from path import Path  # noqa: E402

HOUR = 3600
# How much later than its limit a session may be found to have ended, and how far a time may lie beside the clock.
SLACK = 1.5


class WallClock:
    """What programs that `before` runs take for the wall clock: the real one, and an offset."""

    def __init__(self, library, file):
        with open(file, "wb") as made:
            made.write(bytes(8))
        self.file = file
        self.before = ["env", "LD_PRELOAD=" + library, "WALL_CLOCK=" + file]
        self.offset = 0

    @staticmethod
    def library(folder):
        made = os.path.join(folder, "wall_clock.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wall_clock.c")
        compiler = shutil.which("clang") or "cc"
        subprocess.run([compiler, "-O1", "-Wall", "-shared", "-fPIC", "-o", made, source], check=True)
        return made

    def set(self, offset):
        self.offset = offset
        with open(self.file, "r+b") as file:
            file.write(struct.pack("=q", offset))

    def shows(self, milliseconds, since):
        """Whether that is a time between `since`, by this process's clock, and now."""
        found = milliseconds / 1000 - self.offset
        return since - SLACK < found < time.time() + SLACK


class World:
    def __init__(self, options):
        self.path = os.path.abspath(options.blitz)
        self.folder = tempfile.mkdtemp(prefix="clock-life-")
        self.library = WallClock.library(self.folder)
        self.limit, self.pause = options.limit, options.pause
        chance = random.Random(options.seed)
        # Forward, back over the start, to the start; then anywhere.
        self.offsets = [HOUR, -HOUR, 0] + [
            chance.choice([-24, -1, 1, 24]) * HOUR + chance.randrange(HOUR) for _ in range(options.jumps - 3)]
        self.number, self.used = 0, None

    def new(self, name):
        self.number += 1
        return os.path.join(self.folder, "%s%d" % (name, self.number))

    def clock(self):
        return WallClock(self.library, self.new("clock"))

    def person(self, before=()):
        return Blitz(self.path, self.new("home"), before=before)

    def server(self, folder=None, before=()):
        return Server(self.path, folder or self.used_folder(), before=before)

    def used_folder(self):
        """A folder that a server has run on: to make the passwords of the sample data takes a while."""
        if not self.used:
            self.used = self.new("data")
            equal(self.server(self.used).stop(), 0)
        folder = self.new("data")
        shutil.copytree(self.used, folder)
        return folder


def connect(server):
    gateway = BlitzGateway("root", "omero", host=server.host, port=server.port, secure=True)
    assert gateway.connect(), gateway.getLastError()
    return gateway


def log_in(server):
    client = omero.client(server.host, server.port)
    client.createSession("root", "omero")
    return client


def lives(sessions, key):
    """Whether there is such a session; its idle time goes on."""
    try:
        return sessions.getSession(key, {"quietly": "true"}).uuid.val == key
    except (omero.RemovedSessionException, omero.SessionTimeoutException):
        return False


def open_files(process):
    """What a process has open: kinds of files, and how many of each."""
    kinds = collections.Counter()
    for handle in os.listdir("/proc/%d/fd" % process.pid):
        try:
            kinds[re.sub(r"\d+", "", os.readlink("/proc/%d/fd/%s" % (process.pid, handle)))] += 1
        except OSError:
            pass
    return kinds


# MARK: The server's clock


class Limited:
    """A session that nobody uses, with a limit."""

    def __init__(self, sessions, kind, limit, offset):
        self.name = "%s limit %g s, made at %+d s" % (kind, limit, offset)
        self.limit = limit
        self.made_after = time.monotonic()
        if kind == "idle":
            made = sessions.createUserSession(0, int(limit * 1000), "system")
        else:
            made = sessions.createSessionWithTimeouts(
                omero.sys.Principal("root", "system", "User", None), int(limit * 1000), 600000)
        self.made_before, self.key = time.monotonic(), made.uuid.val

    def is_over(self, sessions):
        """Whether it has ended; not before its limit, and not much later."""
        before = time.monotonic()
        found = lives(sessions, self.key)
        if not found:
            assert time.monotonic() - self.made_after > self.limit, "%s ended early" % self.name
        else:
            assert before - self.made_before < self.limit + SLACK, "%s lives on" % self.name
        return not found


def look(server, clock, gateway, key):
    """What must hold wherever the wall clock of the server stands."""
    began = time.time()
    assert gateway.keepAlive(), "keepAlive of omero-py failed"
    equal(gateway.getEventContext().sessionUuid, key)
    shown = gateway.c.sf.getConfigService().getServerTime().val
    assert clock.shows(shown, began), "the clock of the server did not jump: %d" % shown
    project = omero.model.ProjectI()
    project.name = rstring("at %+d" % clock.offset)
    project = gateway.getUpdateService().saveAndReturnObject(project)
    event = gateway.getQueryService().projection(
        "select p.details.creationEvent.time from Project p where p.id = %d" % project.id.val, None)[0][0].val
    assert clock.shows(event, began), "the event's time is not the clock's: %d" % event
    client = log_in(server)
    try:
        equal(client.sf.getAdminService().getEventContext().userName, "root")
        session = client.sf.getSessionService().getSession(client.getSessionId())
        assert clock.shows(session.started.val, began), "begun at %d" % session.started.val
    finally:
        client.closeSession()
    accessed = last_access(gateway, key)
    assert clock.shows(accessed, began), "last used at %d" % accessed


def last_access(gateway, key):
    handle = gateway.c.sf.submit(omero.cmd.CurrentSessionsRequest())
    try:
        eventually(lambda: handle.getResponse() is not None, "an answer to CurrentSessionsRequest")
        answer = handle.getResponse()
        mine = [context.sessionUuid for context in answer.contexts].index(key)
        return answer.data[mine]["lastAccessTime"].val
    finally:
        handle.close()


def check_a_server_whose_clock_jumps_ends_no_session_early_or_late(world):
    clock = world.clock()
    server = world.server(before=clock.before)
    gateway = connect(server)
    quiet, quiet_since = log_in(server), time.monotonic()
    swift = world.person()
    swift("login", server.at("sample-leader"), "-w", "leader-1").expect()
    keeping = None
    try:
        key, sessions = gateway.getEventContext().sessionUuid, gateway.c.sf.getSessionService()
        length = world.pause * (len(world.offsets) + 1) + world.limit + 2
        keeping = KeepsAlive(swift, 1, int(length))
        pending, jumps, next_jump = [], list(world.offsets), time.monotonic()
        while pending or jumps:
            if jumps and time.monotonic() >= next_jump:
                # One from before each jump, and of each kind one from after it.
                pending.append(Limited(sessions, "idle", world.limit, clock.offset))
                clock.set(jumps.pop(0))
                pending += [Limited(sessions, kind, world.limit, clock.offset) for kind in ("idle", "life")]
                look(server, clock, gateway, key)
                person = world.person()
                person("login", server.at("sample-member"), "-w", "member-2").expect()
                equal(person("whoami", "--json").json()["userName"], "sample-member")
                person("logout").expect()
                next_jump = time.monotonic() + world.pause
            pending = [one for one in pending if not one.is_over(sessions)]
            time.sleep(max(0.1, world.limit / 300))
        # Its client is there, and asks nothing: it has the server's own limit.
        idle = time.monotonic() - quiet_since
        assert abs(idle - 600) < SLACK or lives(sessions, quiet.getSessionId()) == (idle < 600), "after %g s" % idle
        beats = keeping.beats()
        assert keeping.seconds * 0.5 < beats <= keeping.seconds + 1, "%d beats in %d s" % (beats, keeping.seconds)
    finally:
        if keeping:
            keeping.stop()
        quiet.__del__()  # whatever became of its session
        gateway.close()
        equal(server.stop(), 0)


def check_sessions_are_found_after_a_jump_and_a_restart(world):
    for offset in (HOUR, -HOUR):
        clock, folder = world.clock(), world.used_folder()
        server = world.server(folder, clock.before)
        client = log_in(server)
        key = client.getSessionId()
        clock.set(offset)
        equal(client.sf.getAdminService().getEventContext().sessionUuid, key)
        client.sf.detachOnDestroy()
        server.process.send_signal(signal.SIGTERM)
        equal(server.process.wait(30), 0)
        client.__del__()
        began, server = time.time(), world.server(folder, clock.before)
        try:
            joined = omero.client(server.host, server.port)
            joined.joinSession(key)
            other = connect(server)
            accessed = last_access(other, key)
            # In the future it would live for that much longer.
            assert clock.shows(accessed, began), "last used at %d" % accessed
            other.close()
            joined.killSession()
        finally:
            equal(server.stop(), 0)


# MARK: A client's clock


def check_a_client_whose_clock_jumps_keeps_its_session_and_comes_back(world):
    clock, server, running = world.clock(), world.server(), []
    root = connect(server)
    try:
        sessions = root.c.sf.getSessionService()
        with Path(server.port) as path:
            # One whose beats are the background's alone: its calls come too late.
            beaten, calling = world.person(clock.before), world.person(clock.before)
            keys = []
            for person, port in ((beaten, server.port), (calling, path.port)):
                at = "sample-leader@%s:%d" % (server.host, port)
                person("login", at, "-w", "leader-1").expect()
                person("sessions", "timeout", 6).expect()
                keys.append(person("whoami", "--json", "--show-key").json()["sessionKey"])
            seconds = 5 * len(world.offsets) + 6
            running = [KeepsAlive(beaten, 300, seconds),
                       KeepsAlive(calling, 1, seconds)]
            for turn, offset in enumerate(world.offsets):
                # A beat comes every two seconds.
                known = path.accepted
                clock.set(offset)
                time.sleep(2.2)
                equal(path.accepted, known, "a jump is no loss: connections")
                if turn == 1:  # coming back for the first time takes timers that stay
                    opened = [open_files(process) for process in (running[1].process, server.process)]
                path.is_refusing = turn % 2 == 1
                path.cut()
                if path.is_refusing:  # it jumps once more while the gateway tries to come back
                    time.sleep(0.3)
                    clock.set(-offset)
                    time.sleep(0.3)
                    path.is_refusing = False
                eventually(lambda: path.accepted > known, "the gateway came back")
                for key in keys:
                    assert lives(sessions, key), "a session ended at %+d s" % offset
            for process, before in zip((running[1].process, server.process), opened):
                eventually(lambda: not open_files(process) - before,
                           "no file handle is left of a lost connection, where there were %s" % before)
            ended = [process.beats() for process in running]
            equal(ended[0], 1)
            assert seconds * 0.5 < ended[1] <= seconds + 1, "%d beats in %d s" % (ended[1], seconds)
            for key, person in zip(keys, (beaten, calling)):
                assert lives(sessions, key), "a session ended"
                person("logout").expect()
    finally:
        for process in running:
            process.stop()
        root.close()
        equal(server.stop(), 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--limit", type=float, default=3, help="seconds of a session that nobody uses")
    parser.add_argument("--pause", type=float, default=1, help="seconds between jumps")
    parser.add_argument("--jumps", type=int, default=3)
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    wanted = [value for name, value in globals().items() if name.startswith("check_") and options.only in name]
    world = World(options)
    try:
        Checks().run(wanted, world).end()
    finally:
        shutil.rmtree(world.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
