"""A person at a terminal in tmux: types into a shell, and reads what is on the screen."""

import itertools
import os
import subprocess
import time


class Screen:
    """A shell in a tmux server of its own, in which the command is called `blitz`."""

    numbers = itertools.count(1)

    def __init__(self, blitz, columns=100, rows=40, limit=30):
        self.limit = limit
        self.server = "blitz-%d-%d" % (os.getpid(), next(self.numbers))
        environment = blitz.environment({"PS1": "> ", "TERM": "xterm", "SHELL": "/bin/sh"})
        environment["PATH"] = os.path.dirname(blitz.path) + ":" + environment["PATH"]
        for name in ("TMUX", "ENV"):
            environment.pop(name, None)
        self._tmux("-f", os.devnull, "new-session", "-d", "-x", columns, "-y", rows, "/bin/sh", environment=environment)
        self.waits_for("> ")

    def _tmux(self, *arguments, environment=None):
        return subprocess.run(
            ["tmux", "-L", self.server] + [str(one) for one in arguments], check=True, timeout=10, env=environment,
            stdout=subprocess.PIPE).stdout.decode()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-L", self.server, "kill-server"], timeout=10, stderr=subprocess.DEVNULL)

    # MARK: The person's hands

    def types(self, text, enter=True):
        self._tmux("send-keys", "-l", "--", text)
        if enter:
            self.presses("Enter")

    def presses(self, *keys):
        """Keys by their names in tmux, such as C-c and BSpace."""
        self._tmux("send-keys", *keys)

    def resize(self, columns):
        self._tmux("resize-window", "-x", columns)

    # MARK: The person's eyes

    def text(self, joined=True, everything=False, colours=False):
        """What the screen shows; `joined` puts lines together that were too long for it."""
        return self._tmux("capture-pane", "-p", *(["-J"] if joined else []), *(["-S", "-"] if everything else []),
                          *(["-e"] if colours else []))

    def waits_for(self, part):
        end = time.time() + self.limit
        while time.time() < end:
            text = self.text()
            if part in text:
                return text
            time.sleep(0.05)
        raise AssertionError("%r did not come within %d s: %s" % (part, self.limit, self.text()))

    def waits_for_the_shell(self):
        """Until the shell asks for the next command."""
        end = time.time() + self.limit
        while time.time() < end:
            text = self.text().rstrip()
            if text.endswith("\n>") or text == ">":
                return
            time.sleep(0.05)
        raise AssertionError("the shell did not come back within %d s: %s" % (self.limit, self.text()))

    def runs(self, command):
        """Types a command on an empty screen, waits for its end: what it showed, and its exit code."""
        self.clears()
        self.types(command + "; echo exit=$?.")
        return self.ends()

    def ends(self):
        """Waits for `exit=CODE.`, which must not be part of what was typed."""
        end = time.time() + self.limit
        while time.time() < end:
            before, found, after = self.text().rpartition("exit=")
            code, dot, _ = after.partition(".")
            if found and dot and code.isdigit():
                return before, int(code)
            time.sleep(0.05)
        raise AssertionError("the command did not end within %d s: %s" % (self.limit, self.text()))

    def clears(self):
        self._tmux("send-keys", "-R")
        self._tmux("clear-history")
        self.presses("Enter")
        self.waits_for("> ")
