"""What holds for every command of `blitz`, found by asking it for the tree of its commands. See README.md.

Each command runs once with --json: a new command that is not in the table here fails, and so does one that writes
anything else than JSON, or nothing.
"""

import argparse
import contextlib
import json
import os
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Server"))

from checks import Checks, equal  # noqa: E402
from blitz import Blitz, Server  # noqa: E402


class World:
    def __init__(self, path):
        self.path = os.path.abspath(path)
        self.folder = tempfile.mkdtemp(prefix="blitz-tree-")
        self.server = Server(self.path, os.path.join(self.folder, "data"))
        self.number = 0
        tree = subprocess.run([self.path, "--experimental-dump-help"], stdout=subprocess.PIPE, check=True, timeout=60)
        self.tree = json.loads(tree.stdout)["command"]

    def person(self, user=None, password="omero"):
        self.number += 1
        blitz = Blitz(self.path, os.path.join(self.folder, "home%d" % self.number))
        if user:
            blitz("login", self.server.at(user), "-w", password).expect()
        return blitz

    def commands(self, of=None, path=()):
        """The commands that do something, by what is typed, and their descriptions."""
        of = of or self.tree
        below = [one for one in of.get("subcommands", []) if one["commandName"] != "help"]
        if not below:
            yield " ".join(path), of
        for one in below:
            yield from self.commands(one, path + (one["commandName"],))


def runs(world):
    """Commands that write a result, and what runs before it; in this order, by one administrator."""
    return [
        ("login", [world.server.at("root"), "-w", "omero"]),
        ("whoami", []), ("users", []), ("groups", []), ("admins", []), ("privileges", []),
        ("group add", ["tree", "--type", "read-write"]), ("group edit", ["tree", "--description", "all commands"]),
        ("group permissions", ["tree"]),
        ("user add", ["tree", "T", "Ree", "--group", "sample-read-only", "--no-password"]),
        ("user edit", ["tree", "--institution", "Forest"]), ("user join", ["tree", "tree"]),
        ("user leave", ["tree", "tree"]), ("user password", ["tree", "--password-stdin"]),
        ("group join", ["tree", "tree"]), ("group leave", ["tree", "tree"]),
        ("ls", ["project", "--group", "all"]), ("get", ["Experimenter:0"]), ("hql", ["select count(*) from Project"]),
        ("doctor", []), ("demo", []), ("exit-codes", []),
        ("sessions list", []), ("sessions who", []), ("sessions key", []), ("sessions file", []),
        ("sessions group", []), ("sessions timeout", []), ("sessions keepalive", ["--for", "1"]),
        ("sessions open", ["tree"]), ("sessions close", []), ("logout", []), ("sessions clear", []),
    ]


# The server ends when it is told to: how it says with --json where it listens, all drivers here depend on (Server).
ELSEWHERE = {"serve"}


def check_every_command_writes_json(world):
    blitz = world.person()
    known = {name for name, _ in runs(world)} | ELSEWHERE
    equal(sorted(name for name, _ in world.commands()), sorted(known))
    opened = None
    for name, arguments in runs(world):
        if name == "sessions close":
            arguments = [opened]
        answer = blitz(*name.split(), *arguments, "--json", stdin="omero\nsecret-word\n").expect()
        rows = answer.rows()
        assert rows, "%r: no result" % answer
        # A row of HQL is what the query selects: it has no names.
        for row in rows:
            assert isinstance(row, list if name == "hql" else dict), "%r: %r is no object" % (answer, row)
        opened = rows[0].get("sessionKey", opened) if name == "sessions open" else opened


def check_every_mistake_is_json_too(world):
    stranger = world.person()
    for name in ("whoami", "users", "ls", "sessions key", "logout"):
        answer = stranger(*name.split(), "--json").expect(8)
        problem = Blitz.problem(answer)
        assert problem["exitCode"] == 8 and problem["error"] and problem["advice"], answer
        equal(answer.out, "")


# MARK: Completions


def script(world, shell):
    path = os.path.join(world.folder, "completions." + shell)
    with open(path, "w", encoding="utf-8") as file:
        file.write(world.person()("--generate-completion-script", shell).expect().out)
    return path


def check_completions_name_every_command(world):
    for shell in ("bash", "zsh", "fish"):
        path = script(world, shell)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        missing = [name for name, _ in world.commands() if name.split()[-1] not in text]
        equal(missing, [], shell)
        assert "password-stdin" in text and "read-annotate" in text, "%s completes no options or values" % shell
        # Whether the shell takes it, where it is installed.
        if shutil.which(shell):
            done = subprocess.run([shell, "-n", path], stderr=subprocess.PIPE, timeout=60)
            equal((done.returncode, done.stderr.decode()), (0, ""), shell)
    refused = world.person()("--generate-completion-script", "csh")
    assert refused.code != 0 and "bash" in refused.err, refused


@contextlib.contextmanager
def typing(folder):
    """bash at a pseudo-terminal: a function that types, and gives back what appears until it is quiet."""
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe("bash", ["bash", "--norc", "--noprofile"], dict(os.environ, PS1="> ", TERM="dumb", HOME=folder))

    def keys(text, until):
        os.write(terminal, text.encode())
        seen, end = "", time.time() + 20
        while until not in seen:
            assert time.time() < end, "%r typed, %r did not appear, but %r" % (text, until, seen)
            if select.select([terminal], [], [], 0.1)[0]:
                seen += os.read(terminal, 65536).decode(errors="replace")
        return seen

    try:
        yield keys
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def check_bash_completes_what_is_typed(world):
    path = script(world, "bash")
    with typing(world.folder) as keys:
        # What is typed is echoed: the marks are put together by the shell.
        keys("source '%s'; echo re''ady\n" % path, "ready")
        keys("blitz sess\t", "sessions ")
        keys("keepa\t", "keepalive ")
        keys("--ev\t", "--every ")
        keys("\x15blitz group permissions x read-w\t", "read-write ")
        keys("\x15", "")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--only", default="", help="checks whose name has this in it")
    options = parser.parse_args()
    world = World(options.blitz)
    checks = Checks()
    try:
        functions = [one for name, one in globals().items() if name.startswith("check_") and options.only in name]
        checks.run(functions, world)
    finally:
        world.server.stop()
        shutil.rmtree(world.folder, ignore_errors=True)
    checks.end()


main()
