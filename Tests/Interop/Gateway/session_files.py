"""omero-py's session store, unmodified, on a folder that Swift uses too: `session_files.py FOLDER STEPS`, where STEPS is a
JSON array of arrays, each the name of a function below and its arguments. Writes `RESULT JSON` for each.
"""

import json
import os
import sys

import Ice

import omero.clients  # before all others of OMERO's modules: they import each other in a circle
from omero.util.sessions import SessionsStore

FOLDER = sys.argv[1]
os.environ["OMERO_SESSIONDIR"] = FOLDER


def contents():
    """All that is stored, by host, user and key."""
    return SessionsStore(FOLDER).contents()


def current():
    return SessionsStore(FOLDER).get_current()


def add(host, user, key, props, sudo=None):
    """What a log-in does in the end."""
    store = SessionsStore(FOLDER)
    store.add(host, user, key, props, sudo=sudo)
    store.set_current(host, user, key, props)


def remove(host, user, key):
    SessionsStore(FOLDER).remove(host, user, key)


def conflicts(host, user, key, props):
    return SessionsStore(FOLDER).conflicts(host, user, key, props, ignore_nulls=True)


def find(host, key):
    return SessionsStore(FOLDER).find_name_by_key(host, key)


def omero_command(*arguments):
    """What the `omero` command writes."""
    import omero.cli

    class Collecting(omero.cli.CLI):
        text = ""

        def out(self, text, newline=True):
            Collecting.text += text + ("\n" if newline else "")

    cli = Collecting(prog="omero")
    cli.loadplugins()
    cli.invoke(list(arguments))
    return Collecting.text


def properties(folder, count):
    """What Ice reads from the files of properties 0, 1, … in a folder."""
    read = []
    for number in range(count):
        properties = Ice.createProperties()
        properties.load(os.path.join(folder, str(number)))
        read.append(properties.getPropertiesForPrefix(""))
    return read


for step in json.loads(sys.argv[2]):
    print("RESULT " + json.dumps(globals()[step[0]](*step[1:])), flush=True)
