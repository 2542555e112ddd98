"""Holds many sessions on real connections, with calls at a steady rate and a client a second that vanishes, while an
hour's worth of others log in and out; then looks at what is left: errors that nobody caused, sessions, clients and
servants left behind, memory that grew."""

import argparse
import collections
import re
import shutil
import socket
import statistics
import struct
import sys
import tempfile
import threading
import time

import omero
import omero.rtypes

from blitz_client import Blitz, Client, communicator, database


class Path:
    """A way to the server that can be cut: what goes through it ends with a reset, as when a machine goes down."""

    def __init__(self, port):
        self.port, self.ends = port, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.entrance = self.listener.getsockname()[1]
        threading.Thread(target=self.take, daemon=True).start()

    def take(self):
        client, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.port))
        self.ends = [client, server]
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self.pump, args=(source, target), daemon=True).start()

    @staticmethod
    def pump(source, target):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    return
                target.sendall(data)
        except OSError:
            pass

    def cut(self):
        self.listener.close()
        for end in self.ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                end.shutdown(socket.SHUT_RD)
            except OSError:
                pass
            end.close()


class Held:
    """The clients that are there, and what calls to them found."""

    def __init__(self):
        self.lock = threading.Lock()
        self.clients, self.errors, self.slowest = [], [], 0.0
        self.stopped = threading.Event()
        self.threads = []

    def run(self, function, *arguments):
        thread = threading.Thread(target=self.guarded, args=(function,) + arguments)
        self.threads.append(thread)
        thread.start()

    def guarded(self, function, *arguments):
        try:
            function(*arguments)
        except Exception as error:
            self.errors.append("%s: %s: %s" % (function.__name__, type(error).__name__, str(error)[:200]))

    def stop(self):
        self.stopped.set()
        for thread in self.threads:
            thread.join()

    # Calls

    def call(self, made, rate):
        """Calls one client after the other, so many a second; what is late is made up for."""
        turn, start = 0, time.monotonic()
        while not self.stopped.is_set():
            if turn >= (time.monotonic() - start) * rate:
                time.sleep(0.002)
                continue
            with self.lock:
                client = self.clients[turn * 7919 % len(self.clients)]
            began = time.monotonic()
            try:
                self.one_call(client, turn)
                made.append(began)
            except Exception as error:
                with self.lock:
                    # Of a client that has vanished meanwhile it is no wonder.
                    if client in self.clients:
                        self.errors.append("%s: %s" % (type(error).__name__, str(error)[:200]))
            self.slowest = max(self.slowest, time.monotonic() - began)
            turn += 1

    @staticmethod
    def one_call(client, turn):
        kind = turn % 4
        if kind == 0:
            client.factory.keepAlive(None)
        elif kind == 1:
            context = client.service("IAdmin").getEventContext()
            assert context.sessionUuid == client.session, "the context of another session"
        elif kind == 2:
            client.service("IQuery").projection("select count(*) from Experimenter", None)
        else:
            client.factory.activeServices()

    # Clients that vanish

    def vanish(self, ice, port, users, gone):
        """Once a second the oldest of ten guests is gone without a word, and another one comes: one half by closing
        the connection, the other by a reset."""
        guests, start = collections.deque(), time.monotonic()
        while not self.stopped.is_set():
            number = len(gone) + len(guests)
            path = Path(port) if number % 2 else None
            client = Client(ice, path.entrance if path else port, timeout=120000)
            client.log_in(users[number % len(users)], "omero")
            with self.lock:
                self.clients.append(client)
            guests.append((client, path))
            if len(guests) > 10:
                client, path = guests.popleft()
                with self.lock:
                    self.clients.remove(client)
                path.cut() if path else client.close()
                gone.append(client.session)
                self.stopped.wait(max(0, len(gone) - (time.monotonic() - start)))


def settled(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def make_users(root, sessions):
    """One user may have 1,000 sessions: they are shared among several."""
    admin, users = root.service("IAdmin"), []
    for number in range(sessions // 900 + 1):
        user = omero.model.ExperimenterI()
        user.omeName = user.firstName = user.lastName = omero.rtypes.rstring("load%d" % number)
        user.ldap = omero.rtypes.rbool(False)
        admin.createExperimenterWithPassword(
            user, omero.rtypes.rstring("omero"), omero.model.ExperimenterGroupI(0, False),
            [omero.model.ExperimenterGroupI(1, False)])
        users.append("load%d" % number)
    return users


def log_in_all(ice, blitz, users, count):
    clients, waiting = [], []
    for number in range(count):
        client = Client(ice, blitz.tcp, timeout=120000)
        waiting.append((client, client.begin_log_in(users[number % len(users)], "omero")))
        if len(waiting) == 32 or number + 1 == count:
            for client, result in waiting:
                client.entered(client.router.end_createSession(result))
                clients.append(client)
            waiting = []
    return clients


def log_in_and_out(ice, blitz, count, seconds):
    """That many log-ins and log-outs, spread over the time; the server's memory after each twentieth."""
    memory, start = [], time.monotonic()
    for number in range(count):
        client = Client(ice, blitz.tcp, timeout=120000).log_in()
        client.service("IAdmin").getEventContext()
        client.router.destroySession()
        client.close()
        if (number + 1) % max(1, count // 40) == 0:
            memory.append(blitz.memory())
        time.sleep(max(0, number * seconds / count - (time.monotonic() - start)))
    time.sleep(max(0, seconds - (time.monotonic() - start)))
    return memory


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rate", type=float, default=200, help="calls a second")
    parser.add_argument("--logins", type=int, default=4000, help="log-ins and log-outs: an hour's worth at 1.1 a second")
    parser.add_argument("--growth", type=float, default=8, help="MiB that the second half of them may cost")
    options = parser.parse_args()
    folder, log = tempfile.mkdtemp(), tempfile.TemporaryFile()
    wrong, held, ice, blitz = [], Held(), communicator(), None
    try:
        blitz = Blitz(options.blitz, folder, "--log-level", "info", log=log)
        root = Client(ice, blitz.tcp).log_in()
        users = make_users(root, options.sessions)
        for name in users:  # The first log-in of a user pays for the hash of the password.
            first = Client(ice, blitz.tcp, timeout=120000).log_in(name, "omero")
            first.router.destroySession()
            first.close()
        before, began = blitz.memory(), time.monotonic()
        held.clients = log_in_all(ice, blitz, users, options.sessions)
        print("load: %d sessions in %.1f s, %.1f KiB each"
              % (len(held.clients), time.monotonic() - began, (blitz.memory() - before) / 1024 / len(held.clients)),
              flush=True)
        made, gone, started = [], [], time.monotonic()
        for _ in range(4):
            held.run(held.call, made, options.rate / 4)
        held.run(held.vanish, ice, blitz.tcp, users, gone)
        try:
            memory = log_in_and_out(ice, blitz, options.logins, options.seconds)
        finally:
            held.stop()
        seconds = time.monotonic() - started
        wrong += held.errors
        by_second = collections.Counter(int(moment - started) for moment in made)
        slowest = min(by_second[second] for second in range(1, max(2, int(seconds) - 1)))
        half = len(memory) // 2
        middle, final = (statistics.median(part[-5:]) for part in (memory[:half], memory))
        print("load: %.0f s, %.0f calls a second (at least %d in each, slowest call %.0f ms), %d log-ins and log-outs, "
              "%d clients vanished, memory %.1f MiB halfway, %.1f MiB at the end"
              % (seconds, len(made) / seconds, slowest, held.slowest * 1000, options.logins, len(gone),
                 middle / 2 ** 20, final / 2 ** 20), flush=True)
        if len(made) < 0.9 * options.rate * seconds:
            wrong.append("%.0f calls a second were made, not %.0f" % (len(made) / seconds, options.rate))
        if len(gone) < 0.8 * seconds - 5:
            wrong.append("only %d clients vanished in %.0f s" % (len(gone), seconds))
        if final - middle > options.growth * 2 ** 20:
            wrong.append("memory grew by %.1f MiB in the second half" % ((final - middle) / 2 ** 20))
        wrong += leftovers(ice, blitz, folder, root, held.clients, gone)
        if blitz.stop() != 0:
            wrong.append("the server did not end in order")
        log.seek(0)
        wrong += said_at_the_end(log.read().decode(errors="replace"))
    finally:
        held.stopped.set()
        ice.destroy()
        if blitz and blitz.process.poll() is None:
            blitz.kill()
        shutil.rmtree(folder)
    for line in wrong[:20]:
        print("load: " + line)
    print("load: %d faults" % len(wrong))
    sys.exit(1 if wrong else 0)


def leftovers(ice, blitz, folder, root, clients, gone):
    """The sessions of those that vanished have ended, the others' end with their clients."""
    wrong = []

    def open_sessions():
        return [key for key, closed in database(folder)["sessions"].items() if not closed]

    if not settled(lambda: len(open_sessions()) == len(clients) + 1):
        wrong.append("%d sessions are open, %d are held" % (len(open_sessions()), len(clients) + 1))
    left = set(gone) & set(open_sessions())
    if left:
        wrong.append("%d sessions of clients that vanished are open" % len(left))
    for client in clients:
        client.router.destroySession()
        client.close()
    if not settled(lambda: len(open_sessions()) == 1):
        wrong.append("%d sessions are left behind" % (len(open_sessions()) - 1))
    root.router.destroySession()
    root.close()
    if not settled(lambda: not open_sessions()):
        wrong.append("the last session is left behind")
    return wrong


def said_at_the_end(log):
    """What the server had in memory when it stopped; whether it met an error."""
    wrong = []
    last = [line for line in log.splitlines() if "server stopped" in line][-1:]
    for what in ("sessions", "clients", "servants"):
        count = re.search(r"omero\.%s=(\d+)" % what, last[0]) if last else None
        if not count or count.group(1) != "0":
            wrong.append("%s %s are left behind in the server" % (count.group(1) if count else "unknown", what))
    wrong += ["logged: " + line[:300] for line in log.splitlines() if " error " in line][:5]
    return wrong


if __name__ == "__main__":
    main()
