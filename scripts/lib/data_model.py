"""The recorded data model (Schema/data-model): its vocabulary, how it is read and how it is written."""

import json
import os
import sys

KEYS = ["name", "kind", "abstract", "deprecated", "base", "table", "strategy", "sequence", "global", "immutable",
        "versioned", "details", "uniques", "partialUniques", "columns", "properties", "entries"]
PROPERTY_KEYS = ["name", "multiplicity", "type", "required", "unique", "mutable", "default", "ordered", "indexColumn",
                 "inverse", "target", "column", "quoted", "unitColumn", "unitType", "length", "domain", "mapped", "map",
                 "countView", "wire"]
# These arrays get one line per element, all else one line per key.
LINES = ["columns", "properties", "entries"]

REFERENCES = ["manyone", "manyzero", "from_parent", "to_child"]
COLLECTIONS = ["onemany", "zeromany"]
LINK_COLLECTIONS = {"parent": "child", "child": "parent"}  # the far side, and the near side's property at the link
VALUES = ["required", "optional"]  # of a data type, or a reference
MULTIPLICITIES = REFERENCES + COLLECTIONS + list(LINK_COLLECTIONS) + VALUES + ["map"]
REQUIRED = ["required", "manyone", "from_parent", "to_child"]

DATA_TYPES = ["string", "text", "boolean", "int", "PositiveInteger", "NonNegativeInteger", "long", "double",
              "PercentFraction", "timestamp", "byte[]", "string[]"]
QUANTITIES = ["ElectricPotential", "Frequency", "Length", "Power", "Pressure", "Temperature", "Time"]

PATCHES = "patches.json"


def folder():
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "Schema", "data-model")


def ordered(found, keys, what):
    unknown = sorted(set(found) - set(keys))
    if unknown:
        sys.exit("error: %s has keys that the form does not know: %s" % (what, ", ".join(unknown)))
    return {key: found[key] for key in keys if key in found}


def line(value):
    return json.dumps(value, ensure_ascii=False)


def array(values, indent):
    if not values:
        return "[]"
    return "[\n%s\n%s]" % (",\n".join(indent + "  " + line(value) for value in values), indent)


def render(area, types):
    """The text of one file: everything sorted, one property per line, so that a difference reads well."""
    blocks = []
    for one in sorted(types, key=lambda one: one["name"]):
        one = dict(one)
        one["properties"] = [ordered(each, PROPERTY_KEYS, "%s.%s" % (one["name"], each["name"]))
                             for each in one["properties"]]
        rows = ["      %s: %s" % (line(key), array(value, "      ") if key in LINES else line(value))
                for key, value in ordered(one, KEYS, one["name"]).items()]
        blocks.append("    {\n%s\n    }" % ",\n".join(rows))
    return "{\n  \"area\": %s,\n  \"types\": [\n%s\n  ]\n}\n" % (line(area), ",\n".join(blocks))


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def files(path):
    return sorted(name for name in os.listdir(path) if name.endswith(".json") and name != PATCHES)


def lineage(types, name):
    """The type and its bases, itself first."""
    found = []
    while name:
        found.append(types[name])
        name = types[name]["base"]
    return found
