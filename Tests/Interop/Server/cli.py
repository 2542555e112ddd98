"""Runs the `omero` command, unmodified: every command in a process of its own, which is forked off a process that has
imported OMERO's modules already, because that takes seconds. What is left out of `omero` is its refusal to run as root.
"""

import csv
import io
import os
import pty
import select
import signal
import sys
import time

import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.cli

# What omero.cli.argv does first.
COMMANDS = omero.cli.CLI(prog="omero")
COMMANDS.loadplugins()


class Answer:
    """What a command wrote and its exit code."""

    def __init__(self, arguments, code, out, err):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err
        if arguments[0] != "login":  # then every command says which session it takes, which is checked there
            lines = [line for line in err.splitlines(True) if not line.startswith("Using session for ")]
            self.err = "".join(lines).replace("Error printing text\n", "")  # of omero itself, for numbers

    def __repr__(self):
        return "omero %s: exit code %s, out %r, err %r" % (" ".join(self.arguments), self.code, self.out, self.err)

    def expect(self, out=None, err=None, code=0, outs=(), errs=()):
        """Compares; `outs` and `errs` are parts that have to be there."""
        assert self.code == code % 256, "%r: expected the exit code %d" % (self, code % 256)
        assert out is None or self.out.strip() == out, "%r: expected the output %r" % (self, out)
        assert err is None or self.err.strip() == err, "%r: expected the errors %r" % (self, err)
        for text in outs:
            assert text in self.out, "%r: expected %r in the output" % (self, text)
        for text in errs:
            assert text in self.err, "%r: expected %r in the errors" % (self, text)
        return self

    def rows(self):
        """The rows of a table written with --style csv, by the names of its columns."""
        self.expect()
        return list(csv.DictReader(io.StringIO(self.out)))

    def table(self):
        """The rows of a table with bars between its columns."""
        self.expect()
        lines = [[cell.strip() for cell in line.split("|")] for line in self.out.splitlines() if "|" in line]
        return [dict(zip(lines[0], line)) for line in lines[1:]]


class Cli:
    """One person's `omero`: the sessions it knows are in a folder of its own."""

    def __init__(self, home, limit=60):
        self.home, self.limit = home, limit

    def __call__(self, *arguments, answers=None, **environment):
        """Runs a command; with `answers` (a part of the question, the answer) at a terminal."""
        arguments = [str(one) for one in arguments]
        return self._talk(arguments, answers, environment) if answers is not None else self._run(arguments, environment)

    def _child(self, arguments, environment):
        code = 1
        try:
            os.environ.update(environment, OMERO_USERDIR=self.home)
            sys.stdout, sys.stderr = (open(file, "w", encoding="utf-8", errors="replace", closefd=False) for file in (1, 2))
            sys.argv = ["omero"] + arguments
            COMMANDS.invoke(arguments)
            code = COMMANDS.rv
        except SystemExit as end:
            code = end.code
        except BaseException as error:
            print("%s: %s" % (type(error).__name__, error), file=sys.stderr)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit((code or 0) % 256 if isinstance(code, (int, type(None))) else 1)

    def _run(self, arguments, environment):
        sys.stdout.flush()
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(out_end, 1)
            os.dup2(err_end, 2)
            self._child(arguments, environment)
        os.close(out_end)
        os.close(err_end)
        texts = {out: b"", err: b""}
        end, open_ones = time.time() + self.limit, [out, err]
        while open_ones and time.time() < end:
            for source in select.select(open_ones, [], [], 1)[0]:
                data = os.read(source, 65536)
                texts[source] += data
                if not data:
                    open_ones.remove(source)
        code = self._end(child, bool(open_ones))
        for source in texts:
            os.close(source)
        return Answer(arguments, code, texts[out].decode(), texts[err].decode())

    def _talk(self, arguments, answers, environment):
        sys.stdout.flush()
        child, terminal = pty.fork()
        if child == 0:
            self._child(arguments, environment)
        text, seen, end, late = "", 0, time.time() + self.limit, True
        waiting = list(answers)
        while time.time() < end:
            if waiting and waiting[0][0] in text[seen:]:
                seen = len(text)
                os.write(terminal, (waiting.pop(0)[1] + "\n").encode())
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                data = os.read(terminal, 65536)
            except OSError:  # how Linux says that the other side is gone
                data = b""
            if not data:
                late = False
                break
            text += data.decode(errors="replace").replace("\r\n", "\n")
        code = self._end(child, late)
        os.close(terminal)
        return Answer(arguments, code, text, "")

    @staticmethod
    def _end(child, late):
        if late:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        return "too late" if late else os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
