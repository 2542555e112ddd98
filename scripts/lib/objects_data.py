"""The data of scripts/bench objects: 10,000 projects in 100 groups with 20,000 datasets and 1,000,000 images, written by SQL
into the database of a server that was started once and stopped. objects_data.py FILE

Ten people, who are members of all groups (`rwr---`, so that everybody sees everything there), own a tenth of it each.
"""

import random
import sqlite3
import sys
import time

PEOPLE = 10
GROUPS = 100
PROJECTS_PER_GROUP = 100
DATASETS_PER_PROJECT = 2
IMAGES_PER_DATASET = 50

# rwr---, as the column has it; it is that of the rows, too.
READABLE = -56


def fill(db):
    now = int(time.time() * 1000)
    base = {table: db.execute("select coalesce(max(id), -1) + 1 from %s" % table).fetchone()[0]
            for table in ("experimenter", "experimentergroup", "groupexperimentermap", "event", "project", "dataset",
                          "image", "projectdatasetlink", "datasetimagelink")}
    session, = db.execute("select max(id) from session").fetchone()
    password, = db.execute("select hash from password where experimenter_id = 0").fetchone()

    people = [base["experimenter"] + n for n in range(PEOPLE)]
    groups = [base["experimentergroup"] + n for n in range(GROUPS)]
    rows(db, "experimenter (id, permissions, version, omename, firstname, lastname, ldap)",
         ((p, 0, 0, "bench-%d" % n, "First %d" % n, "Last %d" % n, 0) for n, p in enumerate(people)))
    rows(db, "password (experimenter_id, hash, changed)", ((p, password, None) for p in people))
    rows(db, "experimentergroup (id, permissions, version, name, ldap)",
         ((g, READABLE, 0, "bench-group-%03d" % n, 0) for n, g in enumerate(groups)))
    # Everybody's default group is the first of these; all users are members of `user` (1).
    members = [(g, p) for p in people for g in groups + [1]]
    places = {}
    first = base["groupexperimentermap"]
    maps = []
    for number, (group, person) in enumerate(members):
        place = places[person] = places.get(person, -1) + 1
        maps.append((first + number, -52, 0, group, person, place, 0))
    rows(db, "groupexperimentermap (id, permissions, version, parent, child, child_index, owner)", maps)

    dice = random.Random(6)
    number = {table: value for table, value in base.items()}
    contents = {table: [] for table in ("event", "project", "dataset", "image", "projectdatasetlink", "datasetimagelink")}

    def add(table, *values):
        contents[table].append((number[table],) + values)
        number[table] += 1
        return number[table] - 1

    for group_number, group in enumerate(groups):
        for project_number in range(PROJECTS_PER_GROUP):
            owner = people[project_number % PEOPLE]
            event = add("event", 0, "BENCH", now + project_number, owner, group, 0, session)
            details = (owner, group, event, event, READABLE, 0)
            project = add("project", *details, "Project %03d/%03d" % (group_number, project_number), "What it is about")
            for dataset_number in range(DATASETS_PER_PROJECT):
                dataset = add("dataset", *details, "Dataset %d" % dataset_number, None)
                add("projectdatasetlink", *details, project, dataset)
                for _ in range(IMAGES_PER_DATASET):
                    name = "%s %06x.tif" % (dice.choice(("Cell", "cell", "Zelle", "HeLa", "hela")), dice.getrandbits(24))
                    image = add("image", *details, 0, now, name, None)
                    add("datasetimagelink", *details, dataset, image)
        write(db, contents)
    for table, value in number.items():
        db.execute("update _sequence set value = ? where name = ?", (value - 1, "seq_" + table))
    maps_sequence = first + len(maps) - 1
    db.execute("update _sequence set value = ? where name = 'seq_groupexperimentermap'", (maps_sequence,))
    for table, values in (("experimenter", people), ("experimentergroup", groups)):
        db.execute("update _sequence set value = ? where name = ?", (values[-1], "seq_" + table))


DETAILS = "id, owner_id, group_id, creation_id, update_id, permissions, version"
COLUMNS = {
    "event": "id, permissions, status, time, experimenter, experimentergroup, type, session",
    "project": DETAILS + ", name, description",
    "dataset": DETAILS + ", name, description",
    "image": DETAILS + ", series, acquisitiondate, name, description",
    "projectdatasetlink": DETAILS + ", parent, child",
    "datasetimagelink": DETAILS + ", parent, child",
}


def write(db, contents):
    for table, values in contents.items():
        rows(db, "%s (%s)" % (table, COLUMNS[table]), values)
        values.clear()


def fold(db):
    """The server's function, of which it has an index; the names here are of English letters only."""
    db.create_function("omero_lower", 1, lambda text: text and text.lower(), deterministic=True)


def rows(db, target, values):
    values = list(values)
    places = ", ".join("?" * len(values[0]))
    db.executemany("insert into %s values (%s)" % (target, places), values)


def make(path):
    db = sqlite3.connect(path, isolation_level=None)
    fold(db)
    db.executescript("pragma journal_mode = delete; pragma synchronous = off; pragma foreign_keys = off;"
                     "pragma cache_size = -400000")
    db.execute("begin")
    fill(db)
    db.execute("commit")
    db.execute("pragma journal_mode = wal")
    db.close()


if __name__ == "__main__":
    make(sys.argv[1])
