"""`blitz` in tmux, as a person drives it: against `blitz serve`, and against omero-py's classes on real Ice behind the
real glacier2router. See README.md."""

import argparse
import json
import os
import shutil
import socket
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Server"))

from checks import Checks, equal  # noqa: E402
from cli import Cli  # noqa: E402
from blitz import Blitz, RealServer, Server  # noqa: E402
from screen import Screen  # noqa: E402


class Person:
    """Somebody with a home of their own."""

    def __init__(self, world):
        world.number += 1
        self.home = os.path.join(world.folder, "home%d" % world.number)
        self.blitz = Blitz(world.path, self.home)

    def screen(self, **size):
        return Screen(self.blitz, **size)


class World:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.folder = tempfile.mkdtemp(prefix="blitz-tmux-")
        self.number = 0


def check_log_in_at_the_prompts_and_out_again(world, server):
    with Person(world).screen() as screen:
        screen.types("blitz login; echo exit=$?.")
        screen.waits_for("Server [localhost]:")
        screen.types("%s:%d" % (server.host, server.port))
        screen.waits_for("User at %s:%d:" % (server.host, server.port))
        screen.types("sample-leadx", enter=False)
        screen.presses("BSpace")
        screen.types("er")
        screen.waits_for("Password of sample-leader:")
        screen.types("wrong-one")
        screen.waits_for("Once more, or Ctrl-C")
        screen.types("leader-1")
        text, code = screen.ends()
        equal(code, 0)
        assert "Logged in as sample-leader (Lena Leiter)" in text, text
        assert "First connection to" in text and "Connecting to" not in text, text
        everything = screen.text(everything=True)
        assert "leader-1" not in everything and "wrong-one" not in everything, everything
        text, code = screen.runs("NO_COLOR= TERM=screen blitz whoami")
        assert code == 0 and "Lena Leiter" in text and "sample-private" in text, text
        assert "\x1b[" in screen.text(colours=True), "no colours"
        text, code = screen.runs("NO_COLOR=1 blitz whoami")
        assert "\x1b[2m" not in screen.text(colours=True), "colours in spite of NO_COLOR"
        text, code = screen.runs("blitz logout")
        assert code == 0 and "Logged out sample-leader@" in text, text
        equal(screen.runs("blitz whoami </dev/null")[1], 8)


def check_ctrl_c_at_the_hidden_password(world, server):
    with Person(world).screen() as screen:
        screen.types("blitz login %s" % server.at("sample-leader"))
        screen.waits_for("Password of sample-leader:")
        screen.types("leader", enter=False)
        screen.presses("C-c")
        screen.waits_for_the_shell()
        screen.types("echo exit=$?.")
        text, code = screen.ends()
        equal(code, 130)
        # What is typed afterwards shows again.
        assert "echo exit=$?." in text and "error" not in text, text
        assert "leader\n" not in text.replace("sample-leader", ""), text


def check_ctrl_c_while_connecting(world, _):
    with Person(world).screen() as screen, socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        screen.types("blitz login x@127.0.0.1:%d -w p" % port)
        screen.waits_for("Connecting to 127.0.0.1:%d" % port)
        pressed = time.time()
        screen.presses("C-c")
        screen.waits_for_the_shell()
        assert time.time() - pressed < 4, "it took %.1f s" % (time.time() - pressed)
        screen.types("echo exit=$?.")
        text, code = screen.ends()
        equal(code, 130)
        assert "Connecting" not in text, text


def check_a_narrow_terminal(world, server):
    person = Person(world)
    person.blitz("login", server.at("sample-leader"), "-w", "leader-1").expect()
    with person.screen(columns=40) as screen:
        for command in ("blitz groups", "blitz users", "blitz sessions list"):
            text, code = screen.runs(command)
            assert code == 0 and "sample-" in text, text
            apart, joined = screen.text(joined=False), screen.text()
            assert len(apart.splitlines()) == len(joined.splitlines()), "%s is broken into lines: %s" % (command, apart)
        assert "…" in screen.runs("blitz users")[0], "nothing was cut"
        screen.resize(200)
        wide = screen.runs("blitz users")[0]
        assert max(map(len, wide.splitlines())) > 100, wide


def check_no_terminal(world, server):
    with Person(world).screen(columns=160) as screen:
        text, code = screen.runs("blitz login %s </dev/null" % server.at("sample-leader"))
        assert code == 2 and "no terminal" in text and "--password-stdin" in text, text
        text, code = screen.runs("echo leader-1 | blitz login %s --password-stdin" % server.at("sample-leader"))
        assert code == 0 and "Logged in as sample-leader" in text, text
        text, code = screen.runs("blitz groups | cat")
        assert code == 0 and "…" not in text, text
        text, _ = screen.runs("blitz whoami --json | cat")
        me = next(json.loads(line) for line in text.splitlines() if line.startswith("{"))
        equal((me["userName"], me["host"], me["port"]), ("sample-leader", server.host, server.port))


def check_sessions_are_shared_with_omero(world, server):
    """In both directions: `omero sessions list` shows what `blitz login` made, and `blitz` uses what omero made."""
    person = Person(world)
    with person.screen() as screen:
        screen.types("blitz login %s; echo exit=$?." % server.at("sample-leader"))
        screen.waits_for("Password of")
        screen.types("leader-1")
        equal(screen.ends()[1], 0)
        key = person.blitz("sessions", "key").out.strip()
        rows = Cli(person.home)("sessions", "list").table()
        equal([(row["User"], row["Session"], row["Active"]) for row in rows], [("sample-leader", key, "Logged in")])
    other = Person(world)
    Cli(other.home)("login", server.at("sample-member"), "-w", "member-2").expect()
    with other.screen() as screen:
        text, code = screen.runs("blitz sessions")
        assert code == 0 and "sample-member" in text and "open" in text, text
        text, code = screen.runs("blitz whoami")
        assert code == 0 and "Mia Mehrere" in text, text
        equal(screen.runs("blitz logout")[1], 0)
    equal(Cli(other.home)("sessions", "list").table(), [])


def check_ctrl_c_ends_a_server_in_order(world, _):
    with Person(world).screen() as screen:
        screen.types("BLITZ_ROOT_PASSWORD=omero blitz serve --data %s --port 0 --insecure-port off; echo exit=$?."
                     % os.path.join(world.folder, "own"))
        screen.waits_for("READY ssl=127.0.0.1:")
        screen.presses("C-c")
        equal(screen.ends()[1], 0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--only", help="checks whose name has this in it")
    options = parser.parse_args()
    world = World(options.blitz)
    checks = Checks()
    functions = [one for name, one in globals().items() if name.startswith("check_")]
    functions = [one for one in functions if not options.only or options.only in one.__name__]
    try:
        server = Server(world.path, os.path.join(world.folder, "data"))
        try:
            checks.run(functions, world, server)
        finally:
            server.stop()
        real = RealServer()
        try:
            # Those that need a server.
            checks.run([one for one in functions if "server" in one.__code__.co_varnames], world, real)
        finally:
            real.stop()
    finally:
        shutil.rmtree(world.folder, ignore_errors=True)
    checks.end()


main()
