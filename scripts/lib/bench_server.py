"""Measures `blitz serve`, each figure as a ratio within one run; scripts/bench server calls it.

Log-ins are made of bytes written to Python's own TLS sockets, so that a log-in and a bare handshake differ in nothing
but what the server does.
"""

import argparse
import json
import os
import shutil
import socket
import ssl
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid

from blitz_client import Blitz, Client, PASSWORD, communicator


def text(value):
    data = value.encode()
    return (bytes([len(data)]) if len(data) < 255 else b"\xff" + struct.pack("<i", len(data))) + data


def log_in_request(user, password):
    arguments = text(user) + text(password)
    body = (struct.pack("<i", 1) + text("router") + text("OMERO.Glacier2") + b"\0" + text("createSession") + b"\0"
            + b"\1" + text("omero.client.uuid") + text(str(uuid.uuid4()))
            + struct.pack("<i", 6 + len(arguments)) + b"\1\1" + arguments)
    return b"IceP\1\0\1\0\0\0" + struct.pack("<i", 14 + len(body)) + body


def exactly(connection, count):
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise AssertionError("the connection ended")
        data += more
    return data


def message(connection):
    header = exactly(connection, 14)
    return header[8], exactly(connection, struct.unpack("<i", header[10:])[0] - 14)


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.check_hostname, made.verify_mode = False, ssl.CERT_NONE
    return made


def handshake(port, tls):
    connection = tls.wrap_socket(socket.create_connection(("127.0.0.1", port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def log_in(port, tls, user, password):
    """A session on a connection of its own; its key."""
    connection = handshake(port, tls)
    message(connection)
    connection.sendall(log_in_request(user, password))
    kind, body = message(connection)
    if kind != 2 or body[4] != 0:
        raise AssertionError("the log-in failed: %r" % body[:200])
    return connection


def timed(count, work):
    times = []
    for _ in range(count):
        started = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - started)
        if hasattr(result, "close"):
            result.close()
    return statistics.median(times)


class BareTLS:
    """OpenSSL's server (Python's ssl) with the certificate of the server under test: a handshake and nothing else."""

    def __init__(self, folder):
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(os.path.join(folder, "server.pem"), os.path.join(folder, "server.key"))
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            try:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                # One byte, so that the client has had an answer after the handshake, as with a greeting.
                secured = self.tls.wrap_socket(connection, server_side=True)
                secured.send(b"x")
                secured.recv(1)
                secured.close()
            except (OSError, ssl.SSLError):
                connection.close()

    def once(self, tls):
        connection = handshake(self.port, tls)
        exactly(connection, 1)
        return connection


def say(name, value, operator, limit, explanation):
    holds = value <= limit if operator == "<=" else value >= limit
    print("bench %s %.2f wanted %s %.1f: %s" % (name, value, operator, limit, "holds" if holds else "falls short"))
    print("      " + explanation, flush=True)


def logins(blitz, folder, rounds):
    tls, bare = context(), BareTLS(folder)
    port = blitz.ssl
    session = log_in(port, tls, "root", PASSWORD)
    ice = communicator()
    holder = Client(ice, blitz.tcp).log_in()
    found = {"bare": [], "password": [], "join": []}
    for _ in range(rounds):
        found["bare"].append(timed(40, lambda: bare.once(tls)))
        found["password"].append(timed(40, lambda: log_in(port, tls, "root", PASSWORD)))
        found["join"].append(timed(40, lambda: log_in(port, tls, holder.session, holder.session)))
    base, password, join = (statistics.median(found[name]) * 1000 for name in ("bare", "password", "join"))
    session.close()
    ice.destroy()
    say("server-login-password", password / base, "<=", 3, "log-in with a password that was right before %.2f ms, "
        "bare handshake %.2f ms" % (password, base))
    say("server-login-join", join / base, "<=", 3, "joining a session %.2f ms, bare handshake %.2f ms" % (join, base))
    return base


def first_logins(blitz, base, count=5):
    """The first log-in with a password after a start pays for its hash."""
    times = []
    for _ in range(count):
        again = blitz()
        started = time.perf_counter()
        log_in(again.ssl, context(), "root", PASSWORD).close()
        times.append((time.perf_counter() - started) * 1000)
        again.stop()
    value = statistics.median(times)
    say("server-login-first", value / base, "<=", 3, "first log-in of a user after a start, scrypt included, %.1f ms" % value)


def starts(start, folder, count):
    ours, theirs = [], []
    for _ in range(count):
        server = start()
        ours.append(server.seconds * 1000)
        server.stop()
        began = time.monotonic()
        subprocess.run(["sqlite3", os.path.join(folder, "omero.sqlite"), "SELECT count(*) FROM experimenter"],
                       stdout=subprocess.DEVNULL, check=True)
        theirs.append((time.monotonic() - began) * 1000)
    ours, theirs = statistics.median(ours), statistics.median(theirs)
    print("bench server-start-ratio %.2f: READY after %.1f ms, sqlite3 on the same file %.1f ms"
          % (ours / theirs, ours, theirs))
    say("server-start-distance-ms", ours - theirs, "<=", 150, "ms between the two, each with what it costs to start a process")


def together(blitz, clients=64, seconds=5):
    """Log-ins and log-outs of many clients, over TLS, each on a connection of its own."""
    count, end, lock = [0], time.monotonic() + seconds, threading.Lock()

    def work():
        tls = context()
        while time.monotonic() < end:
            log_in(blitz.ssl, tls, "root", PASSWORD).close()
            with lock:
                count[0] += 1

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print("bench server-logins-per-second %.0f: %d clients at once, over TLS, each log-in on a new connection"
          % (count[0] / seconds, clients))


def memory(blitz, count=800):
    """Anonymous and file memory per session that is logged in and does nothing, from the 100th on."""
    for name, connect in (("tcp", None), ("ssl", context())):
        held, sizes = [], []
        for number in range(count + 100):
            if number == 100:
                time.sleep(0.5)
                sizes.append(blitz.memory())
            if connect:
                held.append(log_in(blitz.ssl, connect, "root", PASSWORD))
            else:
                plain = socket.create_connection(("127.0.0.1", blitz.tcp))
                message(plain)
                plain.sendall(log_in_request("root", PASSWORD))
                message(plain)
                held.append(plain)
        time.sleep(0.5)
        value = (blitz.memory() - sizes[0]) / count / 1024
        say("server-memory-per-session-%s" % name, value, "<=", 64, "KiB, %d idle sessions" % count)
        for connection in held:
            connection.close()
        time.sleep(2)


def router(program, rounds):
    rows = []
    for _ in range(rounds):
        output = subprocess.run([program, "router"], stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
        rows.append({row["name"]: row["value"] for row in map(json.loads, output.splitlines())})
    found = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    for name in ("", "-ping"):
        say("server-router-call" + name, found["routed" + name] / found["direct" + name], "<=", 1.3,
            "through the router %.1f us, straight %.1f us" % (found["routed" + name], found["direct" + name]))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--swift", required=True, help="server-bench")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    folder = tempfile.mkdtemp()

    def start():
        return Blitz(options.swift, folder)

    try:
        start().stop()
        starts(start, folder, 7 * options.rounds)
        blitz = start()
        base = logins(blitz, folder, options.rounds)
        memory(blitz)
        together(blitz)
        blitz.stop()
        first_logins(start, base)
        router(options.swift, options.rounds)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
