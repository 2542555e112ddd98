"""What the drivers of the server tests share: named checks, each a line of JSON."""

import argparse
import json
import shutil
import sys
import time
import traceback

import recorder  # noqa: F401  writes queries down when it is asked to


class Checks:
    """Runs functions named check_…; each passes or says what it found instead."""

    def __init__(self):
        self.failed = 0
        self.passed = 0

    def run(self, functions, *arguments):
        for function in functions:
            name = function.__name__.replace("check_", "").replace("_", " ")
            started = time.time()
            try:
                function(*arguments)
                row = {"check": name, "ok": True}
                self.passed += 1
            except Exception as error:  # whatever it is, it is the finding
                place = traceback.extract_tb(error.__traceback__)
                lines = ["%s:%d" % (frame.name, frame.lineno) for frame in place if "site-packages" not in frame.filename]
                row = {"check": name, "ok": False, "found": "%s: %s" % (type(error).__name__, str(error)[:600]),
                       "at": lines[-3:]}
                self.failed += 1
            row["ms"] = round((time.time() - started) * 1000)
            print(json.dumps(row), flush=True)
        return self

    def end(self):
        print(json.dumps({"passed": self.passed, "failed": self.failed}), flush=True)
        sys.exit(1 if self.failed else 0)


def drive(names, make):
    """The whole run of a driver: `names` are its globals, with the functions check_…; `make` makes what they take of the
    options, and what that keeps in `folder` is removed at the end."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", default="omero")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    wanted = [value for name, value in names.items() if name.startswith("check_") and options.only in name]
    server = make(options)
    try:
        Checks().run(wanted, server).end()
    finally:
        folder = getattr(server, "folder", None)
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def equal(found, expected, what=""):
    assert found == expected, "%s: expected %r, found %r" % (what, expected, found)


def raises(kind, function, *arguments, says=None):
    try:
        result = function(*arguments)
    except kind as error:
        text = getattr(error, "message", None) or getattr(error, "reason", None) or str(error)
        if says is not None:
            assert says in text, "expected the text %r in %r" % (says, text)
        return error
    raise AssertionError("expected %s, got the result %r" % (kind, result))


def eventually(condition, what, seconds=10):
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return
        time.sleep(0.02)
    raise AssertionError("did not come about in %d s: %s" % (seconds, what))
