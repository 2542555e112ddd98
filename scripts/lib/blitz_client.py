"""A `blitz serve` process and plain Ice clients of it, for the proofs: many connections in one communicator."""

import os
import signal
import sqlite3
import shutil
import subprocess
import tempfile
import time
import uuid

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.ObjectFactoryRegistrar
import omero.rtypes
import Glacier2
import Ice

PASSWORD = "omero"


class Blitz:
    """A server on a data folder. `seconds` says how long it took until READY. What it logs goes to the file `log`."""

    def __init__(self, program, folder, *arguments, log=None):
        self.folder = folder
        environment = dict(os.environ, BLITZ_ROOT_PASSWORD=PASSWORD)
        started = time.monotonic()
        self.process = subprocess.Popen(
            [program, "serve", "--data", folder, "--port", "0", "--insecure-port", "0"] + list(arguments),
            stdout=subprocess.PIPE, stderr=log, universal_newlines=True, env=environment)
        self.ssl = self.tcp = None
        for line in self.process.stdout:
            if line.startswith("READY "):
                doors = dict(word.split("=") for word in line.split()[1:])
                self.ssl, self.tcp = int(doors["ssl"].split(":")[1]), int(doors["tcp"].split(":")[1])
                break
        self.seconds = time.monotonic() - started
        if self.tcp is None:
            raise AssertionError("the server did not start: exit code %s" % self.process.wait())

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError("the server did not end within 30 s of SIGTERM")
        self.process.stdout.close()
        return code

    def memory(self):
        """Its resident memory, in bytes."""
        with open("/proc/%d/status" % self.process.pid) as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:"))


def communicator():
    data = Ice.InitializationData()
    data.properties = Ice.createProperties()
    for key, value in {"Ice.MessageSizeMax": "250000", "Ice.RetryIntervals": "-1", "Ice.ACM.Client.Close": "0",
                       "Ice.ImplicitContext": "None", "Ice.Default.EncodingVersion": "1.0",
                       "Ice.ThreadPool.Client.SizeMax": "4"}.items():
        data.properties.setProperty(key, value)
    made = Ice.initialize(data)
    omero.ObjectFactoryRegistrar.registerObjectFactory(made, None)
    for factories in (omero.rtypes.ObjectFactories,):
        for factory in factories.values():
            factory.register(made)
    return made


class Client:
    """One connection with one session. The proxies lead over that connection only."""

    def __init__(self, ice, port, timeout=30000):
        self.id = str(uuid.uuid4())
        router = ice.stringToProxy("OMERO.Glacier2/router:tcp -h 127.0.0.1 -p %d -t %d" % (port, timeout))
        self.router = Glacier2.RouterPrx.uncheckedCast(router.ice_connectionId(self.id))
        self.context = {"omero.client.uuid": self.id, "omero.agent": "proof"}
        self.factory = None
        self.services = {}

    def log_in(self, user="root", password=PASSWORD):
        self.entered(self.router.createSession(user, password, self.context))
        return self

    def begin_log_in(self, user="root", password=PASSWORD):
        return self.router.begin_createSession(user, password, _ctx=self.context)

    def entered(self, session):
        self.session = session.ice_getIdentity().name
        self.factory = self.here(omero.api.ServiceFactoryPrx, session)

    def here(self, kind, proxy):
        return kind.uncheckedCast(self.router.ice_identity(proxy.ice_getIdentity()))

    def service(self, name):
        if name not in self.services:
            kind = getattr(omero.api, name + "Prx")
            self.services[name] = self.here(kind, self.factory.getByName("omero.api." + name))
        return self.services[name]

    def close(self):
        """Without a goodbye."""
        connection = self.router.ice_getCachedConnection()
        if connection:
            connection.close(True)


def database(folder):
    """What stands in the data folder, without touching it: a copy of the database with its journal."""
    copy = tempfile.mkdtemp()
    try:
        for name in ("omero.sqlite", "omero.sqlite-wal"):
            if os.path.exists(os.path.join(folder, name)):
                shutil.copy(os.path.join(folder, name), copy)
        connection = sqlite3.connect(os.path.join(copy, "omero.sqlite"))
        # An index has what the server's function makes of names, and is compared with it.
        connection.create_function("omero_lower", 1, lambda text: text and text.lower(), deterministic=True)
        rows = {
            "integrity": connection.execute("PRAGMA integrity_check").fetchall(),
            "references": connection.execute("PRAGMA foreign_key_check").fetchall(),
            "groups": dict(connection.execute("SELECT id, name FROM experimentergroup")),
            "users": dict(connection.execute("SELECT id, omename FROM experimenter")),
            "sessions": dict(connection.execute("SELECT uuid, closed FROM session")),
            "projects": dict(connection.execute("SELECT id, name FROM project")),
            "files": dict(connection.execute("SELECT id, hash FROM originalfile")),
        }
        connection.close()
        return rows
    finally:
        shutil.rmtree(copy)
