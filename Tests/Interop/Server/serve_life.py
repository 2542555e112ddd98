"""`blitz serve` as a program: doors, options, signals, restarts; with unmodified omero-py."""

import argparse
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import Glacier2
import Ice
from omero.rtypes import rbool, rstring

from checks import Checks, equal, eventually, raises

PASSWORD = "root's pässword"


class Programs:
    """Starts servers on folders of their own."""

    def __init__(self, options):
        self.blitz = options.blitz
        self.folder = tempfile.mkdtemp(prefix="blitz-serve-")
        self.number, self.used = 0, None

    def new_folder(self):
        """The name of a folder, or file, that is not there yet."""
        self.number += 1
        return os.path.join(self.folder, str(self.number))

    def used_folder(self):
        """A folder that a server has run on: to make root's password takes a while."""
        if not self.used:
            self.used = self.new_folder()
            with self.start(self.used) as server:
                server.end()
        folder = self.new_folder()
        shutil.copytree(self.used, folder)
        return folder

    def start(self, folder, *arguments):
        return Program(self.blitz, folder, arguments)


class Program:
    """`blitz serve` on a folder."""

    def __init__(self, blitz, folder, arguments):
        self.folder = folder
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [blitz, "serve", "--data", folder, "--port", "0", "--insecure-port", "0"] + list(arguments),
            stdout=subprocess.PIPE, stderr=self.errors, universal_newlines=True,
            env=dict(os.environ, BLITZ_ROOT_PASSWORD=PASSWORD))
        self.lines, self.doors = [], {}
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("READY "):
                self.doors = dict(word.split("=") for word in line.split()[1:])
                break
        assert self.doors, "not ready: %s, %s" % (self.lines, self.log())

    def port(self, door="ssl"):
        return int(self.doors[door].split(":")[1])

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def client(self, user="root", password=PASSWORD):
        client = omero.client("127.0.0.1", self.port())
        client.createSession(user, password)
        return client

    def join(self, key):
        client = omero.client("127.0.0.1", self.port())
        client.joinSession(key)
        return client

    def end(self, how=signal.SIGTERM, within=30):
        self.process.send_signal(how)
        return self.process.wait(within)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


def make_user(admin, name, groups, leads=False):
    user = omero.model.ExperimenterI()
    user.omeName, user.firstName, user.lastName = rstring(name), rstring("A"), rstring("B")
    user.ldap = rbool(False)
    made = [omero.model.ExperimenterGroupI(group, False) for group in groups]
    number = admin.createExperimenterWithPassword(
        user, rstring("secret"), made[0], made[1:] + [omero.model.ExperimenterGroupI(1, False)])
    if leads:
        admin.setGroupOwner(made[0], omero.model.ExperimenterI(number, False))
    return number


def make_group(admin, name):
    group = omero.model.ExperimenterGroupI()
    group.name = rstring(name)
    return admin.createGroup(group)

# MARK: Doors and options


def check_every_door(programs):
    with programs.start(programs.used_folder(), "--ws-port", "0", "--wss-port", "0") as server:
        for door, scheme in (("ssl", "ssl"), ("tcp", "tcp"), ("ws", "ws"), ("wss", "wss")):
            client = omero.client("%s://127.0.0.1:%d" % (scheme, server.port(door)))
            try:
                client.createSession("root", PASSWORD)
                equal(client.sf.getAdminService().getEventContext().userName, "root")
            finally:
                client.closeSession()
        equal(server.end(), 0)
    with programs.start(programs.used_folder(), "--insecure-port", "off") as server:
        equal((server.doors["tcp"], server.doors["ws"], server.doors["wss"]), ("off", "off", "off"))
        client = server.client()
        equal(client.sf.getConfigService().getConfigValue("omero.router.insecure"), "")
        client.closeSession()


def check_tls_1_2_and_1_3_only(programs):
    with programs.start(programs.used_folder()) as server:
        def version(lowest, highest):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version, context.maximum_version = lowest, highest
            with socket.create_connection(("127.0.0.1", server.port()), 5) as plain:
                with context.wrap_socket(plain) as secure:
                    return secure.version()

        equal(version(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2), "TLSv1.2")
        equal(version(ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3), "TLSv1.3")
        raises((ssl.SSLError, ConnectionError), version, ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1)


def check_the_certificate_is_kept(programs):
    folder = programs.new_folder()

    def fingerprint():
        with programs.start(folder) as server:
            equal(server.end(signal.SIGINT), 0)
            return next(line for line in server.lines if line.startswith("certificate SHA-256 "))

    first = fingerprint()
    equal(fingerprint(), first)
    assert len(first.split()[-1].split(":")) == 32, first


def check_the_configuration_file(programs):
    file = programs.new_folder()
    with open(file, "w", encoding="utf-8") as text:
        text.write("# a comment\nomero.client.web.host = https://example.org/\nomero.sessions.timeout=123000\n")
    with programs.start(programs.used_folder(), "--config", file) as server:
        client = server.client()
        config = client.sf.getConfigService()
        equal(config.getConfigValue("omero.client.web.host"), "https://example.org/")
        session = client.sf.getSessionService().getSession(client.getSessionId())
        equal((config.getConfigValue("omero.sessions.timeout"), session.timeToIdle.val), ("123000", 123000))
        client.closeSession()


def check_the_limit_of_services_per_session(programs):
    file = programs.new_folder()
    with open(file, "w", encoding="utf-8") as text:
        text.write("omero.throttling.servants_per_session=5\n")
    with programs.start(programs.used_folder(), "--config", file) as server:
        client, other = server.client(), server.client()
        stores = [client.sf.createRawFileStore() for _ in range(5)]
        for create in (client.sf.createRawFileStore, client.sf.getAdminService):
            raises(omero.OverUsageException, create, says="Servants per session: 5")
        other.sf.createRawFileStore()
        stores[0].close()
        client.sf.createRawFileStore()
        client.closeSession()
        other.closeSession()
    with open(file, "w", encoding="utf-8") as text:
        text.write("omero.sessions.timeout=ten minutes\n")
    folder = programs.new_folder()
    wrong = subprocess.run([programs.blitz, "serve", "--data", folder, "--port", "0", "--config", file],
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=30)
    assert wrong.returncode != 0 and "omero.sessions.timeout is to be a number" in wrong.stderr, wrong


def check_the_password_from_a_file(programs):
    file = programs.new_folder()
    with open(file, "w", encoding="utf-8") as text:
        text.write("from a file ☃\n")
    with programs.start(programs.new_folder(), "--root-password-file", file) as server:
        server.client(password="from a file ☃").closeSession()
        raises(Glacier2.PermissionDeniedException, server.client)


def check_sample_data(programs):
    with programs.start(programs.used_folder(), "--sample-data") as server:
        client = server.client("sample-leader", "leader-1")
        assert len(client.sf.getAdminService().getEventContext().leaderOfGroups) > 1
        client.closeSession()
        raises(omero.SecurityViolation, server.client("sample-inactive", "inactive-8").sf.getAdminService()
               .lookupGroups)

# MARK: The end


def check_sigterm_tells_clients_and_lets_calls_end(programs):
    folder = programs.used_folder()
    with programs.start(folder) as server:
        told = []
        listener = server.client()
        listener.onShutdownIn(lambda: told.append(time.time()))
        key = listener.getSessionId()
        listener.sf.detachOnDestroy()
        worker = server.client()
        worker_key = worker.getSessionId()
        query = worker.sf.getQueryService()
        # Combinations of entries, as many as take this machine some seconds.
        text = "select count(*) from LaserMedium a, LaserMedium b, LaserMedium c, LaserMedium d%s where a.value != b.value"
        began = time.time()
        query.projection(text % "", None)
        times = int(3 / max(0.01, time.time() - began))
        text = text % ", LaserMedium e" + " and e.id <= %d" % max(2, times)
        answers = []

        def work():
            answers.append(query.projection(text, None))

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.2)
        began = time.time()
        running = not answers
        equal(server.end(), 0)
        took = time.time() - began
        thread.join(20)
        assert running, "the call had ended before the signal came: it shows nothing"
        assert answers and answers[0][0][0].val > 1000000, answers
        assert told and told[0] - began < 2, "not told of the end: %s" % told
        assert took < 20, "the end took %.1f s" % took
        for client in (listener, worker):
            client.__del__()
    # The database is closed: its journal is gone.
    left = sorted(name for name in os.listdir(folder) if name.startswith("omero.sqlite"))
    equal(left, ["omero.sqlite"])
    with programs.start(folder) as server:
        client = server.join(key)
        equal(client.sf.getAdminService().getEventContext().sessionUuid, key)
        client.killSession()
        server.join(worker_key).killSession()


def check_sigterm_does_not_wait_for_ever(programs):
    with programs.start(programs.used_folder()) as server:
        client = server.client()
        handle = client.sf.submit(omero.cmd.Timing(60, 1000))
        query = client.sf.getQueryService()
        entries = ", ".join("LaserMedium l%d" % number for number in range(8))
        lost = []

        def work():
            try:
                query.projection("select count(*) from " + entries, None)
            except Ice.Exception as error:
                lost.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        time.sleep(0.3)
        began = time.time()
        equal(server.end(), 0)
        took = time.time() - began
        thread.join(20)
        assert lost and took < 25, "ended after %.1f s, %s" % (took, lost)
        assert handle
        client.__del__()


def check_a_second_server_on_the_folder_is_refused(programs):
    folder = programs.used_folder()
    with programs.start(folder) as server:
        second = subprocess.run(
            [programs.blitz, "serve", "--data", folder, "--port", "0", "--insecure-port", "0"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=30)
        assert second.returncode != 0 and "READY" not in second.stdout, second
        assert "another server is running on the data folder " + folder in second.stderr, second.stderr
        server.client().closeSession()
        equal(server.end(), 0)
    with programs.start(folder) as server:
        server.client().closeSession()


def check_a_port_that_is_taken_is_refused(programs):
    with programs.start(programs.used_folder()) as server:
        second = subprocess.run(
            [programs.blitz, "serve", "--data", programs.new_folder(), "--port", str(server.port())],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True, timeout=30)
        assert second.returncode != 0 and second.stderr.strip(), second


def check_sessions_outlive_kill_9(programs):
    folder = programs.used_folder()
    with programs.start(folder) as server:
        client = server.client()
        admin = client.sf.getAdminService()
        group = make_group(admin, "a group")
        client.sf.setSecurityContext(omero.model.ExperimenterGroupI(group, False))
        key = client.getSessionId()
        server.end(signal.SIGKILL)
        client.__del__()
    with programs.start(folder) as server:
        client = server.join(key)
        context = client.sf.getAdminService().getEventContext()
        equal((context.sessionUuid, context.userName, context.groupId), (key, "root", group))
        client.killSession()


def check_a_leaders_sessions_keep_their_groups(programs):
    folder = programs.used_folder()
    with programs.start(folder) as server:
        root = server.client()
        admin = root.sf.getAdminService()
        led, other = make_group(admin, "led"), make_group(admin, "other")
        make_user(admin, "leader", [led, other], leads=True)
        make_user(admin, "member", [led, other])
        leader = server.client("leader", "secret")
        principal = omero.sys.Principal("member", "led", "User", None)
        key = leader.sf.getSessionService().createSessionWithTimeout(principal, 600000).uuid.val
        # What the leader leads later is not in it.
        admin.setGroupOwner(omero.model.ExperimenterGroupI(other, False), omero.model.ExperimenterI(
            leader.sf.getAdminService().getEventContext().userId, False))
        for client in (root, leader):
            client.closeSession()
        server.end(signal.SIGKILL)
    with programs.start(folder) as server:
        client = server.join(key)
        admin = client.sf.getAdminService()
        context = admin.getEventContext()
        equal((context.userName, context.sudoerName.val, context.groupId), ("member", "leader", led))
        raises(omero.SecurityViolation, client.sf.setSecurityContext, omero.model.ExperimenterGroupI(other, False))
        query = client.sf.getQueryService()
        query.findAllByQuery("from Project", None, {"omero.group": str(led)})
        raises(omero.SecurityViolation, query.findAllByQuery, "from Project", None, {"omero.group": str(other)})
        client.killSession()


def check_files_are_private_and_outlive_restarts(programs):
    folder = programs.used_folder()
    with programs.start(folder) as server:
        client = server.client()
        file = omero.model.OriginalFileI()
        file.name, file.path = rstring("a"), rstring("/")
        file = client.sf.getUpdateService().saveAndReturnObject(file)
        store = client.sf.createRawFileStore()
        store.setFileId(file.id.val)
        store.write(b"kept", 0, 4)
        equal(store.save().size.val, 4)
        server.end(signal.SIGKILL)
        client.__del__()
    path = os.path.join(folder, "Files", str(file.id.val))
    equal((os.stat(path).st_mode & 0o777, os.stat(os.path.dirname(path)).st_mode & 0o777), (0o600, 0o700))
    with programs.start(folder) as server:
        client = server.client()
        store = client.sf.createRawFileStore()
        store.setFileId(file.id.val)
        equal(store.read(0, 10), b"kept")
        store.close()
        client.sf.getUpdateService().deleteObject(omero.model.OriginalFileI(file.id.val, False))
        assert not os.path.exists(path)
        client.closeSession()


def check_no_secret_is_logged(programs):
    with programs.start(programs.used_folder(), "--log-level", "trace") as server:
        client = server.client()
        key = client.getSessionId()
        make_user(client.sf.getAdminService(), "somebody", [make_group(client.sf.getAdminService(), "x")])
        raises(Glacier2.PermissionDeniedException, server.client, "root", "a wrong password")
        server.join(key).closeSession()
        client.closeSession()
        equal(server.end(), 0)
        log = server.log()
        assert "session begun" in log and "server stopped" in log, log[:2000]
        for secret in (PASSWORD, "a wrong password", "secret", key):
            assert secret not in log, "%r is in the log" % secret


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    wanted = [value for name, value in globals().items() if name.startswith("check_") and options.only in name]
    programs = Programs(options)
    try:
        Checks().run(wanted, programs).end()
    finally:
        shutil.rmtree(programs.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
