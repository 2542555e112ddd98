"""Kills a server that clients write to, again and again, and looks for what it had acknowledged.

Each round: start on the same data folder, several clients log in and write, kill -9 at a random moment, look at the
database as the crash left it, start again, look for every acknowledged write and join every session.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time

import omero
from omero.rtypes import rbool, rstring

from blitz_client import Blitz, Client, PASSWORD, communicator, database
import Glacier2
import Ice


class Acknowledged:
    """What the server said it had done."""

    def __init__(self):
        self.lock = threading.Lock()
        self.groups, self.users, self.projects, self.files = {}, {}, {}, {}
        self.sessions, self.closed = {}, set()
        self.log_ins = 0
        self.unexpected = []

    @property
    def count(self):
        return (len(self.groups) + len(self.users) + len(self.projects) + len(self.files) + len(self.sessions)
                + len(self.closed))


# How clients see that the server is gone.
GONE = (Ice.ConnectionLostException, Ice.ConnectFailedException, Ice.CloseConnectionException, Ice.SocketException,
        Ice.TimeoutException, Ice.CommunicatorDestroyedException)


def log_in_again_and_again(ice, port, found, stop):
    """Log-ins without a pause; the sessions stay when their client leaves."""
    try:
        while not stop.is_set():
            client = Client(ice, port).log_in()
            with found.lock:
                found.sessions[client.session] = None
                found.log_ins += 1
            client.factory.detachOnDestroy()
            client.close()
            # A session of root's is joined after the crash, one by one: not more than that takes a second for.
            time.sleep(0.02)
    except GONE:
        pass
    except Exception as error:
        found.unexpected.append("%s: %s" % (type(error).__name__, str(error)[:300]))


def write(ice, port, number, found, stop):
    """Logs in and writes until the server is gone."""
    try:
        client = Client(ice, port).log_in()
        with found.lock:
            found.sessions[client.session] = None
        admin, sessions, update = (client.service(name) for name in ("IAdmin", "ISession", "IUpdate"))
        last = 0
        while not stop.is_set():
            last += 1
            name = "crash-%s-%d" % (number, last)
            group = omero.model.ExperimenterGroupI()
            group.name = rstring(name)
            group_id = admin.createGroup(group)
            with found.lock:
                found.groups[group_id] = name
            user = omero.model.ExperimenterI()
            user.omeName, user.firstName, user.lastName = rstring(name), rstring("Ada"), rstring("Löwe 🦁")
            user.ldap = rbool(False)
            user_id = admin.createExperimenter(user, omero.model.ExperimenterGroupI(group_id, False),
                                               [omero.model.ExperimenterGroupI(1, False)])
            with found.lock:
                found.users[user_id] = name
            project = omero.model.ProjectI()
            project.name = rstring(name)
            project = update.saveAndReturnObject(project)
            with found.lock:
                found.projects[project.id.val] = name
            file = omero.model.OriginalFileI()
            file.name, file.path = rstring(name), rstring("/")
            file = update.saveAndReturnObject(file)
            store = client.here(omero.api.RawFileStorePrx, client.factory.createRawFileStore())
            store.setFileId(file.id.val)
            store.write(name.encode() * 1000, 0, len(name.encode()) * 1000)
            saved = store.save()
            with found.lock:
                found.files[file.id.val] = (name.encode() * 1000, saved.hash.val)
            store.close()
            session = sessions.createUserSession(0, 600000, "system")
            with found.lock:
                found.sessions[session.uuid.val] = None
            if last % 3 == 0:
                # Until the answer is there the server may have closed it or not: either is right after a crash.
                with found.lock:
                    del found.sessions[session.uuid.val]
                sessions.closeSession(session)
                with found.lock:
                    found.closed.add(session.uuid.val)
    except GONE:
        pass
    except Exception as error:
        found.unexpected.append("%s: %s" % (type(error).__name__, str(error)[:300]))


def missing(found, rows, folder):
    """What was acknowledged and is not in the database."""
    wrong = []
    if rows["integrity"] != [("ok",)]:
        wrong.append("integrity_check says %s" % rows["integrity"][:3])
    if rows["references"]:
        wrong.append("foreign_key_check says %s" % rows["references"][:3])
    for what in ("groups", "users", "projects"):
        for number, name in getattr(found, what).items():
            if rows[what].get(number) != name:
                wrong.append("%s: %d %s is lost" % (what, number, name))
    for number, (text, checksum) in found.files.items():
        if rows["files"].get(number) != checksum:
            wrong.append("files: %d has not the checksum that was answered" % number)
        parts = ["Dir-%03d" % (number // 1000)] if number >= 1000 else []
        path = os.path.join(folder, "Files", *parts, str(number))
        if not os.path.exists(path) or open(path, "rb").read() != text:
            wrong.append("files: the bytes of %d are lost" % number)
    wrong += ["session %s is lost" % key for key in found.sessions if key not in rows["sessions"]]
    wrong += ["session %s is closed" % key for key in found.sessions if rows["sessions"].get(key)]
    wrong += ["session %s is open again" % key for key in found.closed if not rows["sessions"].get(key)]
    return wrong


def join(ice, port, found):
    """Joins every session, refuses those that were closed, and takes them down."""
    wrong, joined = [], 0
    keys = list(found.sessions)
    for key in keys:
        client = Client(ice, port)
        try:
            client.log_in(key, key)
            if client.service("IAdmin").getEventContext().sessionUuid != key:
                wrong.append("session %s is another one" % key)
            joined += 1
            session = omero.model.SessionI()
            session.uuid = rstring(key)
            sessions = client.service("ISession")
            try:
                while sessions.closeSession(session) > 0:
                    pass
            except Ice.ObjectNotExistException:
                pass  # the session took its services with it
        except Exception as error:
            wrong.append("session %s cannot be joined: %s" % (key, str(error)[:200]))
        finally:
            client.close()
        del found.sessions[key]
        found.closed.add(key)
    return wrong, joined


def crash_at_first_start(program, chance, rounds):
    """Kills first starts; the next start on the same folder must work, and root must get in."""
    wrong = []
    for _ in range(rounds):
        folder = tempfile.mkdtemp()
        try:
            process = subprocess.Popen([program, "serve", "--data", folder, "--port", "0", "--insecure-port", "0"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       env=dict(os.environ, BLITZ_ROOT_PASSWORD=PASSWORD))
            time.sleep(chance.uniform(0.005, 0.5))
            process.kill()
            process.wait()
            try:
                blitz = Blitz(program, folder)
                ice = communicator()
                try:
                    Client(ice, blitz.tcp).log_in()
                finally:
                    ice.destroy()
                    blitz.kill()
            except Exception as error:
                wrong.append("after a crash at first start: %s" % str(error)[:300])
        finally:
            shutil.rmtree(folder)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--first-starts", type=int)
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--longest", type=float, default=1.5, help="seconds until the kill, at most")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    chance = random.Random(options.seed)
    folder = tempfile.mkdtemp()
    found, wrong, joined, starts = Acknowledged(), [], 0, []
    try:
        for number in range(options.rounds):
            ice = communicator()
            stop, chance_of_writes = threading.Event(), number % 5 != 4
            blitz = Blitz(options.blitz, folder)
            starts.append(blitz.seconds)
            threads = [threading.Thread(target=write, args=(ice, blitz.tcp, "%d-%d" % (number, n), found, stop))
                       for n in range(options.clients)]
            threads.append(threading.Thread(target=log_in_again_and_again, args=(ice, blitz.tcp, found, stop)))
            for thread in threads:
                thread.start()
            # One in five dies during the log-ins, the others with writes under way.
            before, log_ins, end = found.count, found.log_ins, time.monotonic() + 60
            while (chance_of_writes and (found.count == before or found.log_ins == log_ins)
                   and time.monotonic() < end):
                time.sleep(0.01)
            time.sleep(chance.uniform(0.02, options.longest))
            blitz.kill()
            stop.set()
            for thread in threads:
                thread.join()
            ice.destroy()
            wrong += missing(found, database(folder), folder)
            ice = communicator()
            blitz = Blitz(options.blitz, folder)
            starts.append(blitz.seconds)
            try:
                faults, count = join(ice, blitz.tcp, found)
                wrong += faults
                joined += count
            finally:
                ice.destroy()
                # Not every time: starts after crashes are what is tested, but an orderly end belongs to it too.
                blitz.kill() if chance.random() < 0.8 else blitz.stop()
            if wrong:
                break
            if (number + 1) % 10 == 0:
                print("  %d of %d crashes, %d writes acknowledged" % (number + 1, options.rounds, found.count),
                      file=sys.stderr, flush=True)
        wrong += missing(found, database(folder), folder)
        first = options.rounds // 5 + 1 if options.first_starts is None else options.first_starts
        wrong += crash_at_first_start(options.blitz, chance, first)
    finally:
        shutil.rmtree(folder)
    wrong += found.unexpected
    if not found.log_ins:
        wrong.append("nobody logged in beside those who wrote")
    for line in wrong[:20]:
        print("crash: " + line)
    print("crash: %d crashes (seed %d), %d writes acknowledged (%d groups, %d users, %d projects, %d files, %d closings), "
          "%d log-ins beside them, %d sessions joined, %d first starts killed: %d faults"
          % (number + 1, options.seed, found.count, len(found.groups), len(found.users), len(found.projects),
             len(found.files), len(found.closed), found.log_ins, joined, first, len(wrong)))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
