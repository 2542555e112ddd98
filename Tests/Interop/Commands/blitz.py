"""Runs the command `blitz`: with pipes, or at a pseudo-terminal with somebody who types."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time


class Answer:
    """What a command wrote and its exit code."""

    def __init__(self, arguments, code, out, err):
        self.arguments, self.code, self.out, self.err = arguments, code, out, err

    def __repr__(self):
        return "blitz %s: exit code %s, out %r, err %r" % (" ".join(self.arguments), self.code, self.out, self.err)

    def expect(self, code=0, outs=(), errs=()):
        assert self.code == code, "%r: expected the exit code %d" % (self, code)
        for text in outs:
            assert text in self.out, "%r: expected %r in the output" % (self, text)
        for text in errs:
            assert text in self.err, "%r: expected %r in the errors" % (self, text)
        return self

    def fails(self, code, *errs):
        """A mistake: its code, a sentence, and a next step below it."""
        self.expect(code, errs=errs)
        lines = [line for line in self.err.splitlines() if line.strip()]
        start = next((i for i, line in enumerate(lines) if line.startswith("error: ")), None)
        assert start is not None, "%r: no line begins with error:" % self
        assert len(lines) > start + 1 and lines[start + 1].startswith("       "), "%r: expected a next step" % self
        assert self.out == "", self
        return self

    def json(self):
        self.expect()
        return json.loads(self.out)

    def rows(self):
        self.expect()
        return [json.loads(line) for line in self.out.splitlines()]


class Blitz:
    """One person's `blitz`: sessions and known servers are in a folder of its own."""

    def __init__(self, path, home, limit=60, before=()):
        """`before` is a command that runs it, such as one that changes the user or the clock."""
        self.path, self.home, self.limit, self.before = path, home, limit, list(before)

    def environment(self, more):
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OMERO_")}
        return dict(kept, OMERO_USERDIR=self.home, **more)

    def __call__(self, *arguments, stdin="", stdout=subprocess.PIPE, **environment):
        arguments = [str(one) for one in arguments]
        done = subprocess.run(
            self.before + [self.path] + arguments, input=stdin.encode(), stdout=stdout, stderr=subprocess.PIPE, timeout=self.limit,
            env=self.environment(environment))
        out = done.stdout.decode() if done.stdout is not None else ""
        return Answer(arguments, done.returncode, out, done.stderr.decode())

    @staticmethod
    def problem(answer):
        """What standard error says with --json."""
        return json.loads(answer.err.splitlines()[-1])

    def start(self, *arguments, **environment):
        return subprocess.Popen(self.before + [self.path] + [str(one) for one in arguments], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment(environment))

    def terminal(self, *arguments, answers=(), columns=100, **environment):
        """At a terminal. Each answer is a part of a question and what comes then:
        keys, or a signal. What the person sees is `out`."""
        arguments = [str(one) for one in arguments]
        child, terminal = pty.fork()
        if child == 0:
            os.execve(self.path, [self.path] + arguments, dict(self.environment(environment), TERM="xterm"))
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        local = termios.ECHO | termios.ICANON | termios.ISIG
        text, seen, end, late = "", 0, time.time() + self.limit, True
        waiting = list(answers)
        while time.time() < end:
            if waiting and waiting[0][0] in text[seen:]:
                seen = len(text)
                keys = waiting.pop(0)[1]
                if isinstance(keys, signal.Signals):
                    os.kill(child, keys)
                    continue
                os.write(terminal, keys if isinstance(keys, bytes) else (keys + "\n").encode())
            if not select.select([terminal], [], [], 0.1)[0]:
                continue
            try:
                data = os.read(terminal, 65536)
            except OSError:  # how Linux says that the other side is gone
                data = b""
            if not data:
                late = False
                break
            text += data.decode(errors="replace").replace("\r\n", "\n")
        if late:
            os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        restored = termios.tcgetattr(terminal)[3] & local == local
        os.close(terminal)
        code = "too late" if late else os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
        answer = Answer(arguments, code, text, "")
        answer.terminal_is_restored = restored
        return answer


class KeepsAlive:
    """`blitz sessions keepalive`, a process with a gateway of ours, for so many seconds."""

    def __init__(self, person, every, seconds):
        self.seconds, self.started = seconds, time.monotonic()
        self.process = person.start("sessions", "keepalive", "--every", every, "--for", seconds, "--json")
        note = self.process.stderr.readline().decode()
        assert note.startswith("Keeping the session of"), note + self.process.stderr.read().decode()

    def beats(self):
        """How many it counted, when it has ended by itself."""
        try:
            out, err = self.process.communicate(timeout=self.started + self.seconds + 30 - time.monotonic())
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("blitz did not come to its end: %s" % self.process.communicate()[1].decode())
        took = time.monotonic() - self.started
        assert self.process.returncode == 0, err.decode()
        assert took > self.seconds - 1.5, "it was to take %d s and took %.1f" % (self.seconds, took)
        return json.loads(out)["beats"]

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


class Server:
    """`blitz serve` with the sample data. `before` is a command that runs it."""

    def __init__(self, path, folder, *options, before=()):
        environment = dict(os.environ, BLITZ_ROOT_PASSWORD="omero")
        self.process = subprocess.Popen(
            list(before) + [path, "serve", "--data", folder, "--port", "0", "--insecure-port", "0", "--ws-port", "0",
                            "--sample-data", "--json"] + list(options),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment)
        ready = json.loads(self._line())
        self.host, self.port, self.plain, self.ws = "127.0.0.1", ready["ssl"], ready["tcp"], ready["ws"]
        self.fingerprint = ready["certificateSHA256"]

    def _line(self):
        if not select.select([self.process.stdout], [], [], 120)[0]:
            raise AssertionError("blitz serve was not ready within two minutes")
        return self.process.stdout.readline()

    def at(self, user):
        return "%s@%s:%d" % (user, self.host, self.port)

    def stop(self):
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()


class RealServer:
    """A server of omero-py's classes on real Ice, behind the real glacier2router: nothing of ours."""

    host = "127.0.0.1"

    def __init__(self):
        peers = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", os.path.join(peers, "Peers", "glacier2", "run_glacier2.py"), "--certs",
             os.environ["SWIFT_OMERO_CERTS"], "--session-timeout", "60", "--backend",
             os.path.join(peers, "Gateway", "real_ice_server.py")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = int(re.search(r"-p (\d+)", self.process.stdout.readline().decode()).group(1))

    def at(self, user):
        return "%s@%s:%d" % (user, self.host, self.port)

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(30)
