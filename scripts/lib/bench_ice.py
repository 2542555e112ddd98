"""Compares our Ice with Ice 3.7 C++ in one run and prints each figure as a ratio; scripts/bench calls it.

Rounds of both sides alternate, so that whatever else the machine does hits both; medians over the rounds are compared.
"""

import argparse
import json
import statistics
import subprocess
import sys


def lines(process):
    for line in process.stdout:
        yield line.strip()


def start(command):
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)


def stop(process):
    process.stdin.close()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()


def ready(process):
    found = []
    for line in lines(process):
        if line.startswith("READY "):
            return line[len("READY "):], found
        found.append(line)
    sys.exit("a benchmark server did not start: %s" % found)


def results(command):
    text = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, timeout=300, check=True).stdout
    return {row["name"]: row["value"] for row in map(json.loads, filter(lambda l: l.startswith("{"), text.splitlines()))}


CPP_NAMES = {"sequential echoInt": "latency", "64 in flight": "throughput", "echoBytes 1 MiB": "bulk",
             "encode graph(10000)": "encode", "decode graph(10000)": "decode"}


def measured(rows):
    return {CPP_NAMES.get(name, name): value for name, value in rows.items()}


def clients(options, transport, rounds):
    endpoint = ["--endpoints", "%s -h 127.0.0.1 -p 0" % transport, "--certs", options.certs]
    servers = {"swift": start([options.swift, "server"] + endpoint), "cpp": start([options.cpp, "server"] + endpoint)}
    try:
        proxies = {side: ready(server)[0] for side, server in servers.items()}
        found = {"swift": {}, "cpp": {}}
        for number in range(rounds):
            for side, program in (("cpp", options.cpp), ("swift", options.swift)):
                print("  %s %s, round %d of %d" % (transport, side, number + 1, rounds), file=sys.stderr, flush=True)
                rows = measured(results([program, "client", "--proxy", proxies[side], "--certs", options.certs]))
                for name, value in rows.items():
                    found[side].setdefault(name, []).append(value)
        return {side: {n: statistics.median(v) for n, v in rows.items()} for side, rows in found.items()}
    finally:
        for server in servers.values():
            stop(server)


def memory(options, transport, program):
    """Bytes per connection that a server holds, from the second connection on."""
    server = start([program, "idle-server", "--endpoints", "%s -h 127.0.0.1 -p 0" % transport, "--connections",
                    str(options.connections), "--certs", options.certs])
    client = None
    try:
        proxy, _ = ready(server)
        client = start([options.cpp, "idle-client", "--proxy", proxy, "--connections", str(options.connections),
                        "--certs", options.certs])
        sizes = []
        for line in lines(server):
            if line.startswith("{"):
                row = json.loads(line)
                sizes.append(row["value"] * {"kB": 1024, "KiB": 1024, "MiB": 1 << 20, "MB": 1 << 20}.get(row.get("unit"), 1))
                if row["name"] == "rss-all" or str(options.connections) in row["name"] or len(sizes) == 3:
                    break
        return (sizes[-1] - sizes[-2]) / (options.connections - 1)
    finally:
        for process in (client, server):
            if process:
                stop(process)


def say(name, ours, theirs, operator, limit, unit):
    ratio = ours / theirs
    holds = ratio <= limit if operator == "<=" else ratio >= limit
    print("bench %s %.2f wanted %s %.1f: %s" % (name, ratio, operator, limit, "holds" if holds else "falls short"))
    print("      Swift %.1f %s, C++ %.1f %s" % (ours, unit, theirs, unit), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("swift", "cpp", "certs"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=1000)
    options = parser.parse_args()
    ours, theirs = measured(results([options.swift, "codec"])), measured(results([options.cpp, "codec"]))
    for name in ("encode", "decode"):
        # As speed: how many graphs we do in the time that C++ needs for one.
        say("ice-%s-10000" % name, 1e6 / ours[name], 1e6 / theirs[name], ">=", 1.0, "graphs/s")
    for transport in ("tcp", "ssl"):
        found = clients(options, transport, options.rounds)
        swift, cpp = found["swift"], found["cpp"]
        say("ice-%s-latency-executor" % transport, swift["latency"], cpp["latency"], "<=", 1.2, "us")
        say("ice-%s-latency-task" % transport, swift["latency-task"], cpp["latency"], "<=", 1.5, "us")
        say("ice-%s-throughput-64" % transport, swift["throughput"], cpp["throughput"], ">=", 1.3, "calls/s")
        say("ice-%s-bulk-1MiB" % transport, swift["bulk"], cpp["bulk"], ">=", 1.0, "round trips/s")
        say("ice-%s-memory-per-connection" % transport, memory(options, transport, options.swift),
            memory(options, transport, options.cpp), "<=", 1.0, "bytes")


if __name__ == "__main__":
    main()
