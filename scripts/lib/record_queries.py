"""Runs the drivers of Tests/Interop/Server against a server with the sample data, and keeps the queries that installed
software sent to it. record_queries.py BLITZ FILE"""

import os
import re
import subprocess
import sys
import tempfile

DRIVERS = ["gateway_life", "query_life", "update_life", "container_life", "graph_life", "cli_life", "cli_objects", "web_life"]
# The others make what they need, and wait less for a server without.
NEED_SAMPLES = {"graph_life", "web_life"}
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Tests", "Interop", "Server")


def normalized(query):
    """Ids that a client writes into its queries are others in every run."""
    return re.sub(r"(?<=[=(,\s])'?\d+'?(?=[),\s]|$)", "1", query)


def main():
    blitz, kept = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "queries")
        open(log, "w").close()
        for driver in DRIVERS:
            run(driver, blitz, os.path.join(folder, driver), log)
        with open(log, encoding="utf-8") as file:
            found = sorted({normalized(line.strip()) for line in file if line.strip()})
    with open(kept, "w", encoding="utf-8") as file:
        file.write("".join(query + "\n" for query in found))
    print("%d queries" % len(found), file=sys.stderr)


def run(driver, blitz, data, log):
    server = subprocess.Popen(
        [blitz, "serve", "--data", data, "--port", "0", "--insecure-port", "0"]
        + (["--sample-data"] if driver in NEED_SAMPLES else []),
        env=dict(os.environ, BLITZ_ROOT_PASSWORD="omero"), stdout=subprocess.PIPE, universal_newlines=True)
    try:
        port = next(re.search(r"ssl=[^ ]*:(\d+)", line) for line in server.stdout if line.startswith("READY")).group(1)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", os.path.join(FOLDER, driver + ".py"), "--port", port],
            env=dict(os.environ, SWIFT_OMERO_QUERIES=log), stdout=subprocess.PIPE, universal_newlines=True, timeout=1200)
        print("%s: %s" % (driver, (done.stdout.splitlines() or ["nothing"])[-1]), file=sys.stderr, flush=True)
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


if __name__ == "__main__":
    main()
