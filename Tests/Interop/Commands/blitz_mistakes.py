"""What `blitz` says to the mistakes that newcomers make: a table of exit codes, sentences and next steps. See README.md.

Each row is a command, its exit code, what the line that begins with "error: " says, and what the line below advises. A
full disk is a small tmpfs, and the reader of another's folder is the user `nobody`: both need root, and are left out,
which is said, where the tests run without.
"""

import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Server"))

from checks import Checks, equal  # noqa: E402
from blitz import Blitz, Server  # noqa: E402

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


class World:
    def __init__(self, path):
        self.folder = tempfile.mkdtemp(prefix="blitz-mistakes-")
        os.chmod(self.folder, 0o755)
        # Where also nobody may run it.
        self.path = shutil.copy(os.path.abspath(path), os.path.join(self.folder, "blitz"))
        self.number = 0
        self.server = Server(self.path, self.new("data"))
        self.web = Web()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.unused = free.getsockname()[1]

    def new(self, name):
        self.number += 1
        return os.path.join(self.folder, "%s-%d" % (name, self.number))

    def person(self):
        return Blitz(self.path, self.new("home"))

    def names(self):
        """What the rows of the table call things."""
        server = self.server
        return {"tls": server.port, "plain": server.plain, "unused": self.unused, "web": self.web.port,
                "leader": server.at("sample-leader"), "data": os.path.join(self.folder, "data-1"),
                "new": self.new("new")}

    def end(self):
        self.web.close()
        self.server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Web:
    """A web server, as on port 80: it answers in HTTP to whatever comes."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def close(self):
        self.socket.close()


KEY = "01234567-89ab-cdef-0123-456789abcdef"

# What goes wrong; the command, with names in braces; the exit code; the sentence; the next step.
TABLE = [
    ("a host that does not exist", "login ami@no-such-host.invalid -w p", 3,
     "the host no-such-host.invalid has no address", "Check the spelling of no-such-host.invalid"),
    ("a port where nobody listens", "login ami@127.0.0.1:{unused} -w p", 3,
     "nobody listens on 127.0.0.1 port {unused}", "Check that the server runs and that {unused} is its port (OMERO's are"),
    ("4063 in place of 4064", "login ami@127.0.0.1:{plain} -w p", 5,
     "TLS", "4064 with TLS"),
    ("4064 in place of 4063", "login tcp://ami@127.0.0.1:{tls} -w p", 5,
     "Ice", "4064 with TLS (ssl://)"),
    ("the port of a web server", "login ami@127.0.0.1:{web} -w p", 5,
     "TLS", "4064 with TLS"),
    ("the port of a web server, without TLS", "login tcp://ami@127.0.0.1:{web} -w p", 5, "Ice", "4064 with TLS"),
    ("a web server's WebSocket", "login ws://ami@127.0.0.1:{web} -w p", 5,
     "the server refused the WebSocket with status 400", "Check the path of the WebSocket"),
    ("the address of a web page", "login https://ami@127.0.0.1 -w p", 2,
     "is no server address: https is none of ssl, tcp, ws, wss", "name the server itself, such as omero.example.org"),
    ("a password in the address", "login ami:wrong-one@127.0.0.1 -w p", 2,
     "is no server address: it has a password in it", "Give the password by itself"),
    ("a port that is none", "login ami@127.0.0.1:99999 -w p", 2, "99999", "Write it like user@omero.example.org"),
    ("a wrong password", "login {leader} -w wrong-one", 6,
     "the server does not accept this user and password", "Check both"),
    ("an account that is switched off", "login sample-inactive@127.0.0.1:{tls} -w inactive-8", 6,
     "the account is there, but may not log in", "An administrator can activate the account"),
    ("a group that does not exist", "login {leader} -w leader-1 -g nowhere", 7,
     "there is no group nowhere, or this user is not in it", "Without a group the user's default one is taken"),
    ("a group of others", "login sample-loner@127.0.0.1:{tls} -w loner-3 -g sample-read-only", 7,
     "there is no group sample-read-only, or this user is not in it", "Without a group the user's default one is taken"),
    ("a session's key that is over", "login 127.0.0.1:{tls} --key " + KEY, 8,
     "the server has no session with that key, or it is over", "Log in with a password: blitz login user@host"),
    ("no log-in at all", "whoami", 8,
     "nobody is logged in, and no server is set", "Log in: blitz login user@host. Or set OMERO_HOST"),
    ("no terminal to ask for a password", "login {leader}", 2,
     "there is no password for sample-leader at 127.0.0.1:{tls}, and this is no terminal to ask at",
     "Set OMERO_PASSWORD, or pipe the password in: blitz login … --password-stdin"),
    ("no terminal to ask for the user", "login 127.0.0.1:{tls}", 2,
     "no user is set for 127.0.0.1:{tls}", "Name it: blitz login user@127.0.0.1:{tls}. Or set OMERO_USER"),
    ("no terminal to ask for the server", "login", 2, "no server is set", "Name it: blitz login user@host"),
    ("nothing piped in", "login {leader} --password-stdin", 2,
     "there is no password on standard input", "Pipe it in, on one line"),
    ("a second server on the data", "serve --data {data} --port 0 --insecure-port off", 15,
     "another server is running on the data folder {data}", "Stop that server, or choose another folder with --data"),
    ("a port in use", "serve --data {new} --port {tls} --insecure-port off", 16,
     "port {tls} is in use: another program listens there already", "Stop it, or choose other ports with --port"),
    ("an address of another machine", "serve --data {new} --host 192.0.2.1 --port 0 --insecure-port off", 2,
     "192.0.2.1 is not an address of this machine", "Name an address of this machine with --host, or 0.0.0.0 for all"),
    ("a data folder below a file", "serve --data /dev/null/data", 15,
     "the data folder /dev/null/data cannot be made: Not a directory",
     "Look at the permissions and at the free space there, or choose another folder with --data"),
    ("a password file that is not there", "serve --data {new} --root-password-file /no/such/file", 15,
     "/no/such/file can't be read: No such file or directory", "Look at the path and at the file's permissions"),
    ("a settings file that is not there", "serve --data {new} --config /no/such/file", 15,
     "/no/such/file can't be read: No such file or directory", "Look at the path and at the file's permissions"),
    ("a certificate that is not there", "serve --data {new} --certificate /no/such.pem --private-key /no/such.key", 15,
     "/no/such.pem cannot be read: No such file or directory", "Look at the permissions"),
]


def check_the_table(world, row):
    _, command, code, says, advises = row
    names = world.names()
    answer = world.person()(*[word.format(**names) for word in command.split()])
    problem_and_next_step(answer, code, says.format(**names), advises.format(**names))
    for secret in ("wrong-one", "leader-1", KEY):
        assert secret not in answer.out + answer.err, answer


def problem_and_next_step(answer, code, says, advises):
    """One line that begins with "error: ", one below it with what to do, and nothing of the program's insides."""
    answer.fails(code)
    lines = answer.err.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("error: "))
    assert says in lines[start], "%r: expected %r" % (answer, says)
    assert advises in lines[start + 1], "%r: expected the advice %r" % (answer, advises)
    equal(len(lines), start + 2, "lines of %r" % answer)
    assert not re.search(r"NSCocoa|Error Domain|\.swift|operation could not be completed|Optional\(", answer.err), answer


# MARK: What takes more than a command


def check_a_server_that_went_away(world):
    server = Server(world.path, world.new("gone"))
    blitz = world.person()
    blitz("login", server.at("sample-leader"), "-w", "leader-1").expect()
    server.stop()
    problem_and_next_step(blitz("whoami"), 3, "nobody listens on 127.0.0.1 port %d" % server.port,
                          "Check that the server runs")
    rows = blitz("sessions", "list", "--json").rows()
    equal([(row["state"], "problem" in row) for row in rows], [("unknown", True)])
    blitz("doctor").expect(3, outs=["ok   resolve", "BAD  connect"])
    blitz("logout").expect(errs=["forgotten here", "nobody listens"])


def check_an_expired_session(world):
    blitz = world.person()
    blitz("login", world.server.at("root"), "-w", "omero").expect()
    blitz("sessions", "timeout", 1).expect()
    time.sleep(13)  # the server looks every ten seconds
    problem_and_next_step(blitz("whoami"), 8, "the session of %s is over" % world.server.at("root"),
                          "Log in again: blitz login %s" % world.server.at("root"))
    equal(blitz("sessions", "--json").rows(), [])


def check_refused_log_ins_leave_nothing_behind(world):
    blitz = world.person()
    machine = blitz("login", world.server.at("sample-leader"), "-w", "wrong-one", "--json").expect(6)
    problem = Blitz.problem(machine)
    equal((problem["exitCode"], "advice" in problem), (6, True))
    blitz("sessions", "file").fails(8)


def check_output_that_finds_no_room_or_no_reader(world):
    blitz = world.person()
    blitz("login", world.server.at("sample-leader"), "-w", "leader-1").expect()
    with open("/dev/full", "w") as full:
        answer = blitz("ls", stdout=full)
    problem_and_next_step(answer, 15, "the output can't be written: No space left on device", "Make room on the disk")
    reader, writer = os.pipe()
    os.close(reader)
    answer = blitz("ls", "images", "--group", "all", stdout=writer)  # as in blitz ls | true
    os.close(writer)
    equal((answer.code in (141, -signal.SIGPIPE), answer.err), (True, ""))


def check_a_full_disk(world):
    if os.getuid() != 0:
        return "left out: needs root"
    place = world.new("full")
    os.mkdir(place)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", place], check=True)
    try:
        blitz = Blitz(world.path, os.path.join(place, "home"))
        with Filled(place):
            answer = blitz("login", world.server.at("sample-leader"), "-w", "leader-1")
            problem_and_next_step(answer, 15, "No space left on device", "free space")
            answer = blitz("serve", "--data", os.path.join(place, "data"), "--port", 0, "--insecure-port", "off")
            problem_and_next_step(answer, 15, "no room left", "Make room on the disk, or choose another folder")
        shutil.rmtree(os.path.join(place, "data"))
        # A server whose disk runs full goes on, says so, and works again when there is room.
        server = Server(world.path, os.path.join(place, "data"))
        try:
            root = world.person()
            root("login", server.at("root"), "-w", "omero").expect()
            edit = ("group", "edit", "sample-private", "--description")
            with Filled(place):
                # Until the room that its journal has already is used up.
                answers = (root(*edit, chr(97 + number % 26) * 100_000) for number in range(80))
                refused = next(answer for answer in answers if answer.code != 0)
                problem_and_next_step(refused, 14, "has no room left", "The server's administrator may find more")
                root("whoami").expect()
            root(*edit, "as before").expect()
        finally:
            equal(server.stop(), 0)
    finally:
        subprocess.run(["umount", place], check=True)


class Filled:
    """Takes the last of the room while it is entered."""

    def __init__(self, place):
        self.path = os.path.join(place, "filler")

    def __enter__(self):
        with open(self.path, "wb", buffering=0) as file, contextlib.suppress(OSError):
            for size in (65536, 4096):
                with contextlib.suppress(OSError):
                    while file.write(bytes(size)) == size:
                        pass

    def __exit__(self, *_):
        os.remove(self.path)


def check_folders_of_others(world):
    if os.getuid() != 0:
        return "left out: needs root"
    private = world.new("private")
    os.mkdir(private, 0o700)
    nobody = Blitz(world.path, os.path.join(private, "home"), before=NOBODY)
    answer = nobody("login", world.server.at("sample-leader"), "-w", "leader-1")
    problem_and_next_step(answer, 15, "Permission denied", "permissions")
    answer = nobody("serve", "--data", private, "--port", 0, "--insecure-port", "off")
    problem_and_next_step(answer, 15, "the data folder %s cannot be written: Permission denied" % private, "--data")
    below = os.path.join(private, "below", "data")
    answer = nobody("serve", "--data", below, "--port", 0, "--insecure-port", "off")
    problem_and_next_step(answer, 15, "the data folder %s cannot be made: Permission denied" % below, "--data")
    # A folder of one's own whose database is another's.
    shared = world.new("shared")
    shutil.copytree(os.path.join(world.folder, "data-1"), shared)
    for name in os.listdir(shared):
        os.chown(os.path.join(shared, name), 65534, 65534)
    os.chown(shared, 65534, 65534)
    os.chown(os.path.join(shared, "omero.sqlite"), 0, 0)
    answer = nobody("serve", "--data", shared, "--port", 0, "--insecure-port", "off")
    problem_and_next_step(answer, 15, "database", "Look at who owns the data folder")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--only", help="checks whose name has this in it")
    options = parser.parse_args()
    world = World(options.blitz)
    checks = Checks()

    def wanted(name):
        return not options.only or options.only in name

    def row_check(row):
        def check():
            check_the_table(world, row)
        check.__name__ = "check_" + row[0]
        return check

    try:
        checks.run([row_check(row) for row in TABLE if wanted(row[0])])
        functions = [one for name, one in globals().items() if name.startswith("check_") and name != "check_the_table"]
        checks.run([one for one in functions if wanted(one.__name__)], world)
    finally:
        world.end()
    checks.end()


main()
