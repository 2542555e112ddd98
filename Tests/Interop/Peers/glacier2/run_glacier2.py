"""Starts the back end and glacier2router 3.7 on free ports of 127.0.0.1, and ends both at the end of stdin.

Prints "READY <router proxy><TAB><interop proxy>", the latter an object behind the router.
"""

import argparse
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def free_ports(count):
    """Ports nobody has now. All are held until the last is found, so that they differ."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def listening(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def start_backend(script):
    process = subprocess.Popen([sys.executable, "-W", "ignore", script],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
    line = process.stdout.readline().strip()
    if not line.startswith("READY "):
        sys.exit("the back end did not start: %r" % line)
    return process, line[len("READY "):].split("\t")


def start_router(options, manager, verifier, log):
    transports = options.transports.split(",")
    ports = free_ports(len(transports))
    endpoints = ":".join("%s -h 127.0.0.1 -p %d" % pair for pair in zip(transports, ports))
    properties = {
        "Glacier2.Client.Endpoints": endpoints,
        "Glacier2.SessionManager": manager,
        "Glacier2.PermissionsVerifier": verifier,
        "Glacier2.SessionTimeout": options.session_timeout,
    }
    if {"ssl", "wss"} & set(transports):
        if not options.certs:
            sys.exit("ssl and wss need --certs (scripts/peers makes them)")
        properties.update({
            "Ice.Plugin.IceSSL": "IceSSL:createIceSSL",
            "IceSSL.DefaultDir": options.certs,
            "IceSSL.CAs": "ca.pem",
            "IceSSL.CertFile": "server.p12",
            "IceSSL.Password": "password",
        })
    properties.update(pair.split("=", 1) for pair in options.property)
    command = ["glacier2router", "--Ice.Config=" + os.path.join(HERE, "router.cfg")]
    command += ["--%s=%s" % pair for pair in properties.items()]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    end = time.monotonic() + 20
    while not all(listening(port) for port in ports):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            log.seek(0)
            sys.exit("glacier2router did not start:\n" + log.read())
        time.sleep(0.05)
    return process, "OMERO.Glacier2/router:" + endpoints


def stop(process):
    if process.stdin:
        process.stdin.close()
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--certs", help="the folder of certificates")
    parser.add_argument("--transports", default="ssl", help="of ssl, tcp, wss, ws; joined by commas (default ssl)")
    parser.add_argument("--session-timeout", default="30", metavar="SECONDS")
    parser.add_argument("--backend", default=os.path.join(HERE, "glacier2_backend.py"), metavar="SCRIPT")
    parser.add_argument("--property", action="append", default=[], metavar="K=V", help="of the router")
    options = parser.parse_args()
    if not shutil.which("glacier2router"):
        sys.exit("glacier2router is missing: apt-get install zeroc-glacier2")
    # The same way out for SIGTERM as for the end of stdin.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryFile("w+") as log:
        backend, (manager, verifier, peer) = start_backend(options.backend)
        try:
            router, proxy = start_router(options, manager, verifier, log)
            try:
                print("READY %s\t%s" % (proxy, peer), flush=True)
                ended = threading.Event()
                threading.Thread(target=lambda: (wait_for_stdin(), ended.set()), daemon=True).start()
                # A router that ends by itself ends everything.
                while not ended.wait(0.2):
                    if router.poll() is not None:
                        log.seek(0)
                        sys.exit("glacier2router ended: " + log.read())
            finally:
                stop(router)
        finally:
            stop(backend)


def wait_for_stdin():
    while os.read(0, 4096):
        pass


if __name__ == "__main__":
    main()
