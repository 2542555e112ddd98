"""Holds many sessions on real connections, with calls at a steady rate and clients that vanish, and looks at what is
left: errors that nobody caused, sessions and servants left behind, memory that grows with log-ins and log-outs."""

import argparse
import shutil
import sys
import tempfile
import threading
import time

import omero
import omero.rtypes

from blitz_client import Blitz, Client, communicator, database


class Calls:
    """Calls every session in turn, so many a second."""

    def __init__(self, clients, rate):
        self.clients, self.rate = clients, rate
        self.made, self.errors, self.slowest = 0, [], 0.0
        self.stopped = threading.Event()
        self.lock = threading.Lock()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        turn, start, sent = 0, time.monotonic(), 0
        while not self.stopped.is_set():
            while sent < (time.monotonic() - start) * self.rate:
                with self.lock:
                    client = self.clients[turn % len(self.clients)]
                turn += 1
                sent += 1
                began = time.monotonic()
                try:
                    client.factory.activeServices()
                    self.made += 1
                except Exception as error:
                    with self.lock:
                        if client in self.clients:
                            self.errors.append("%s: %s" % (type(error).__name__, str(error)[:200]))
                self.slowest = max(self.slowest, time.monotonic() - began)
            time.sleep(0.005)

    def stop(self):
        self.stopped.set()
        self.thread.join()


def settled(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--rate", type=float, default=200, help="calls a second")
    parser.add_argument("--logins", type=int, default=4000, help="log-ins and log-outs: an hour's worth at 1.1 a second")
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    wrong = []
    ice = communicator()
    blitz = None
    try:
        blitz = Blitz(options.blitz, folder)
        # One user may have 1,000 sessions: they are shared among several.
        root = Client(ice, blitz.tcp).log_in()
        admin = root.service("IAdmin")
        users = []
        for number in range(options.sessions // 900 + 1):
            user = omero.model.ExperimenterI()
            user.omeName = user.firstName = user.lastName = omero.rtypes.rstring("load%d" % number)
            user.ldap = omero.rtypes.rbool(False)
            admin.createExperimenterWithPassword(
                user, omero.rtypes.rstring("omero"), omero.model.ExperimenterGroupI(0, False),
                [omero.model.ExperimenterGroupI(1, False)])
            users.append("load%d" % number)
        for name in users:  # The first log-in of a user pays for the hash of the password.
            first = Client(ice, blitz.tcp, timeout=120000).log_in(name, "omero")
            first.router.destroySession()
            first.close()
        before = blitz.memory()
        began, clients, waiting = time.monotonic(), [], []
        for number in range(options.sessions):
            client = Client(ice, blitz.tcp, timeout=120000)
            waiting.append((client, client.begin_log_in(users[number % len(users)], "omero")))
            if len(waiting) == 32 or number + 1 == options.sessions:
                for client, result in waiting:
                    client.entered(client.router.end_createSession(result))
                    clients.append(client)
                waiting = []
        held = blitz.memory()
        print("load: %d sessions in %.1f s, %.1f KiB each"
              % (len(clients), time.monotonic() - began, (held - before) / 1024 / len(clients)), flush=True)
        calls = Calls(clients, options.rate)
        memory, vanished, logins = [], 0, 0
        end = time.monotonic() + options.seconds
        started, last = time.monotonic(), time.monotonic()
        try:
            while time.monotonic() < end or logins < options.logins:
                client = Client(ice, blitz.tcp, timeout=120000).log_in()
                client.factory.activeServices()
                client.router.destroySession()
                client.close()
                logins += 1
                if logins % max(1, options.logins // 20) == 0:
                    memory.append(blitz.memory())
                if time.monotonic() - last >= 1:
                    last = time.monotonic()
                    vanished += 1
                    with calls.lock:
                        gone = clients.pop(vanished * 7 % len(clients))
                    gone.close()
                    number = vanished % len(users)
                    new = Client(ice, blitz.tcp, timeout=120000).log_in(users[number], "omero")
                    with calls.lock:
                        clients.append(new)
        finally:
            calls.stop()
        seconds = time.monotonic() - started
        wrong += calls.errors
        middle, final = memory[len(memory) // 2], memory[-1]
        print("load: %.0f s, %d calls (slowest %.0f ms), %d log-ins and log-outs, %d clients vanished, memory %.1f MiB "
              "halfway, %.1f MiB at the end"
              % (seconds, calls.made, calls.slowest * 1000, logins, vanished, middle / 2 ** 20, final / 2 ** 20))
        if final - middle > 8 << 20:
            wrong.append("memory grew by %.1f MiB in the second half" % ((final - middle) / 2 ** 20))

        def open_sessions():
            return sum(1 for closed in database(folder)["sessions"].values() if not closed)

        if not settled(lambda: open_sessions() == len(clients) + 1):
            wrong.append("%d sessions are open, %d are held" % (open_sessions(), len(clients) + 1))
        for client in clients:
            client.router.destroySession()
            client.close()
        if not settled(lambda: open_sessions() == 1):
            wrong.append("%d sessions are left behind" % (open_sessions() - 1))
        servants = root.factory.activeServices()
        if len(servants) != 1:
            wrong.append("servants are left behind: %s" % servants)
        if blitz.stop() != 0:
            wrong.append("the server did not end in order")
    finally:
        ice.destroy()
        if blitz and blitz.process.poll() is None:
            blitz.kill()
        shutil.rmtree(folder)
    for line in wrong[:20]:
        print("load: " + line)
    print("load: %d faults" % len(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
