"""Compares questions for objects with SQL on the same file and with omero-py, in one run; scripts/bench objects calls it.

bench_objects.py compare --swift OBJECTS_BENCH --data FOLDER [--rounds N]
bench_objects.py caller QUESTION PORT COUNT        what objects-bench does, with omero-py
bench_objects.py sql QUESTION FILE COUNT           the same in SQL

The data (`objects_data.py`) are made once in the folder, by a server that makes an empty database and SQL that fills it.
"""

import hashlib
import os
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time

QUESTIONS = ("mine", "images", "counts", "everything")


def times(rows, values):
    print("ROWS %d" % rows)
    print("TIMES " + " ".join(map(repr, values)), flush=True)


def measured(ask, count):
    rows = ask()
    result = []
    for _ in range(count):
        started = time.perf_counter()
        if ask() != rows:
            sys.exit("other rows")
        result.append(time.perf_counter() - started)
    times(rows, result)


# omero-py

def caller(question, port, count):
    import omero.clients  # noqa: F401
    from omero.gateway import BlitzGateway
    user = "root" if question == "everything" else "bench-0"
    conn = BlitzGateway(user, "omero", host="127.0.0.1", port=port, secure=True)
    if not conn.connect():
        sys.exit("omero-py did not connect: %s" % conn.getLastError())
    conn.SERVICE_OPTS.setOmeroGroup("-1")
    query = conn.getQueryService()
    me = conn.getUserId()

    def ask():
        if question == "mine":
            return len(list(conn.getObjects("Project", opts={"owner": me, "order_by": "obj.id"})))
        if question == "images":
            order = {"order_by": "lower(obj.name), obj.id", "limit": 500, "offset": 0}
            return len(list(conn.getObjects("Image", opts=order)))
        if question == "counts":
            text = "select l.parent.id, count(l.id) from DatasetImageLink l group by l.parent.id"
            rows = query.projection(text, None, conn.SERVICE_OPTS)
            return len([(row[0].val, row[1].val) for row in rows])
        return len(list(conn.getObjects("Project", opts={"order_by": "obj.id"})))

    measured(ask, count)
    conn.close()


# SQL

def sql(question, path, count):
    import objects_data
    db = sqlite3.connect("file:%s?mode=ro" % path, uri=True)
    objects_data.fold(db)
    me, = db.execute("select id from experimenter where omename = 'bench-0'").fetchone()
    groups = ", ".join(str(group) for group, in db.execute("select parent from groupexperimentermap where child = ?", (me,)))

    def columns(table, alias):
        return ", ".join('%s."%s"' % (alias, row[1]) for row in db.execute("pragma table_info(%s)" % table))

    def objects(table, rest):
        # What the answer has of each object: all of its columns, its owner, group, and the event of its making.
        parts = ((table, "x"), ("experimenter", "o"), ("experimentergroup", "g"), ("event", "e"))
        return ("select %s from %s x join experimenter o on o.id = x.owner_id "
                "join experimentergroup g on g.id = x.group_id join event e on e.id = x.creation_id %s" % (
                    ", ".join(columns(*part) for part in parts), table, rest))

    text = {
        "mine": objects("project", "where x.owner_id = %d and x.group_id in (%s) order by x.id" % (me, groups)),
        # `+` keeps SQLite from sorting all images of the groups: walking along the index of names is shorter.
        "images": objects("image", "where +x.group_id in (%s) order by omero_lower(x.name), x.id limit 500" % groups),
        "counts": "select parent, sum(count) from _count_datasetimagelink where group_id in (%s) group by parent" % groups,
        "everything": objects("project", "order by x.id"),
    }[question]
    measured(lambda: len(db.execute(text).fetchall()), count)


# Comparing

def run(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, universal_newlines=True, timeout=900)
    rows = values = None
    for line in done.stdout.splitlines():
        if line.startswith("ROWS "):
            rows = int(line.split()[1])
        if line.startswith("TIMES "):
            values = [float(word) for word in line.split()[1:]]
    if values is None:
        sys.exit("%s: no times (exit %d)" % (" ".join(command[-4:]), done.returncode))
    return rows, values


class Server:
    def __init__(self, swift, folder):
        self.process = subprocess.Popen(
            [swift, "serve", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, universal_newlines=True)
        line = self.process.stdout.readline().split()
        if not line:
            sys.exit("the server did not start")
        self.port = line[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def prepared(swift, folder):
    """The folder with the data, made unless it is there; one for each way of making them."""
    import objects_data
    with open(objects_data.__file__, "rb") as file:
        made = os.path.join(folder, hashlib.sha256(file.read()).hexdigest()[:16])
    if not os.path.exists(os.path.join(made, "complete")):
        print("  making 1,000,000 images (half a minute, once)", file=sys.stderr, flush=True)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(made, mode=0o700)
        with Server(swift, made):
            pass
        objects_data.make(os.path.join(made, "omero.sqlite"))
        open(os.path.join(made, "complete"), "w").close()
    return made


def line(name, value, wanted, limit, note):
    holds = value >= limit if wanted == ">=" else value <= limit
    print("bench %s %.2f wanted %s %s: %s" % (name, value, wanted, limit, "holds" if holds else "falls short"))
    print("      " + note, flush=True)


def compare(swift, rounds, data):
    folder = prepared(swift, data)
    python = [sys.executable, "-W", "ignore", os.path.abspath(__file__)]
    with Server(swift, folder) as server:
        for question in QUESTIONS:
            count = "3" if question == "everything" else "20"
            found = {"sql": [], "server": [], "caller": [], "omero-py": []}
            rows = {}
            for number in range(rounds):
                print("  %s, round %d of %d" % (question, number + 1, rounds), file=sys.stderr, flush=True)
                for name, command in (
                        ("sql", python + ["sql", question, os.path.join(folder, "omero.sqlite"), count]),
                        ("server", [swift, "server", question, server.port, count]),
                        ("caller", [swift, "caller", question, server.port, count]),
                        ("omero-py", python + ["caller", question, server.port, "3" if question == "everything" else "10"])):
                    rows[name], values = run(command)
                    found[name] += values
            if not rows["sql"] == rows["caller"] == rows["omero-py"]:
                sys.exit("%s: other rows: %r" % (question, rows))
            median = {name: statistics.median(values) * 1e3 for name, values in found.items()}
            note = "%d rows: SQL %.1f ms, server %.1f ms, Swift %.1f ms, omero-py %.1f ms" % (
                rows["sql"], median["sql"], median["server"], median["caller"], median["omero-py"])
            line("objects-%s-server" % question, median["server"] / median["sql"], "<=", 3, note)
            line("objects-%s-caller" % question, median["caller"] / median["sql"], "<=", 6, note)
            line("objects-%s-omero-py" % question, median["omero-py"] / median["caller"], ">=", 10, note)


def main():
    if sys.argv[1] == "compare":
        options = dict(zip(sys.argv[2::2], sys.argv[3::2]))
        compare(options["--swift"], int(options.get("--rounds", "3")), options["--data"])
    elif sys.argv[1] == "sql":
        sql(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        caller(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))


if __name__ == "__main__":
    main()
