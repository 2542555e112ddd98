"""Compares Schema/data-model with the interface of an installed omero-py, and with itself.

Run it with a Python that has omero-py: python scripts/lib/check_data_model.py. It lists every difference and fails, or
prints what it counted. omero-py is the judge of completeness: each field that a persistent class has on the wire is
carried by one property of the record, in the same order and with a type that fits.
"""

import argparse
import collections
import importlib
import os
import sys

import data_model as form
import record_data_model as recorder

MODEL = "::omero::model::"
BOXES = {"string": "::omero::RString", "text": "::omero::RString", "boolean": "::omero::RBool", "int": "::omero::RInt",
         "PositiveInteger": "::omero::RInt", "NonNegativeInteger": "::omero::RInt", "long": "::omero::RLong",
         "double": "::omero::RDouble", "PercentFraction": "::omero::RDouble", "timestamp": "::omero::RTime",
         "byte[]": "sequence<byte>", "string[]": "sequence<string>"}
ENTRIES_AT_RUN_TIME = ["Format"]  # the server makes them from the readers that it finds
# Every column of an order that OMERO5.4__0 has (server-semantics.md 12.1); the rule must find these and no others.
STORED_AS_ORDERED = [
    "channel.pixels_index", "channelbinding.renderingdef_index", "codomainmapcontext.channelbinding_index",
    "filesetentry.fileset_index", "filesetjoblink.parent_index", "groupexperimentermap.child_index",
    "lightpathexcitationfilterlink.parent_index", "pixels.image_index", "projectiondef.renderingdef_index",
    "shape.roi_index", "wellsample.well_index"]


# MARK: The interface as omero-py has it

def interface():
    """Name to (name of the base, [(field, type)]) of every class under ::omero::model, as the stubs declare them."""
    try:
        import IcePy
    except ImportError:
        sys.exit("error: this Python has no omero-py (and no zeroc-ice)")
    classes, names, kept = {}, {}, []

    def watch(function, name_of):
        original = getattr(IcePy, function)

        def watched(*values):
            made = original(*values)
            kept.append(made)  # so that no id is used twice
            names[id(made)] = name_of(*values)
            return made
        setattr(IcePy, function, watched)

    def defined(name, _type, _compact, _meta, _abstract, _preserve, base, _interfaces, members):
        classes[name] = (base, members)
        return name

    for basic in ("bool", "byte", "long", "string", "double", "int"):
        names[id(getattr(IcePy, "_t_" + basic))] = basic
    watch("declareClass", lambda name, *_: name)
    watch("defineClass", defined)
    watch("defineSequence", lambda _name, _meta, element: "sequence<%s>" % names.get(id(element)))
    watch("defineDictionary", lambda _name, _meta, key, value: "%s to %s" % (names.get(id(key)), names.get(id(value))))
    try:
        first = importlib.import_module("omero_model_IObject_ice")
    except ImportError:
        sys.exit("error: this Python has no omero-py")
    for name in sorted(os.listdir(os.path.dirname(first.__file__))):
        if name.startswith("omero_model_") and name.endswith("_ice.py"):
            importlib.import_module(name[:-len(".py")])
    return {name: (names.get(id(base)), [(member[0], names.get(id(member[2]))) for member in members])
            for name, (base, members) in classes.items() if name.startswith(MODEL)}


def persistent(classes):
    """Those that descend from IObject, without it; the rest (Details, Permissions, units, …) have no rows of their own."""
    def descends(name):
        base = classes[name][0]
        return base == MODEL + "IObject" or (base in classes and descends(base))
    return {name[len(MODEL):]: found for name, found in classes.items() if descends(name)}


# MARK: Checks

class Check:
    def __init__(self, path, classes):
        self.path = path
        self.classes = classes
        self.differences = []
        self.counts = collections.Counter()
        self.types = {}

    def expect(self, condition, message, *values):
        self.counts["checks"] += 1
        if not condition:
            self.differences.append(message % values)
        return condition

    def same(self, found, wanted, label):
        """Says of two collections what is in one of them only."""
        missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
        self.expect(not missing, "%s: missing %s", label, ", ".join(missing))
        self.expect(not extra, "%s: not expected %s", label, ", ".join(extra))

    def run(self):
        self.read()
        self.same(self.types, self.classes, "types")
        for name in sorted(set(self.types) & set(self.classes)):
            self.wire(self.types[name], *self.classes[name])
        for one in self.types.values():
            self.shape(one)
            for each in one["properties"]:
                self.reference(one, each)
        self.tables()
        patches = form.read(os.path.join(self.path, form.PATCHES))["patches"]
        recorder.checked(patches)
        self.counts["patches"] = len(patches)

    def read(self):
        for name in form.files(self.path):
            with open(os.path.join(self.path, name), encoding="utf-8") as file:
                text = file.read()
            found = form.read(os.path.join(self.path, name))
            self.expect(name == found["area"] + ".json", "%s says that its area is %s", name, found["area"])
            self.expect(text == form.render(found["area"], found["types"]), "%s is not as it was recorded", name)
            for one in found["types"]:
                self.expect(one["name"] not in self.types, "%s is recorded twice", one["name"])
                self.types[one["name"]] = one
            self.counts["areas"] += 1
        for one in self.types.values():
            self.counts["types"] += 1
            self.counts[one["kind"]] += 1
            self.counts["properties"] += len(one["properties"])
            self.counts["entries"] += len(one.get("entries", []))

    def wire(self, one, base, fields):
        """The record of a type against the class: base, and fields with their order and types."""
        name = one["name"]
        self.expect(MODEL + (one["base"] or "IObject") == base, "%s: base %s, not %s", name, one["base"], base)
        carried = [field for each in one["properties"] for field in each["wire"]]
        self.counts["fields"] += len(fields)
        for field, count in collections.Counter(carried).items():
            self.expect(count == 1, "%s: %s is carried by %d properties", name, field, count)
        self.same(carried, [field for field, _ in fields], name + " on the wire")
        self.expect(carried == [field for field, _ in fields], "%s: fields in another order than on the wire: %s",
                    name, " ".join(carried))
        types = dict(fields)
        for each in one["properties"]:
            wanted = self.wire_types(one, each)
            found = [types.get(field) for field in each["wire"]]
            self.expect(found == wanted, "%s.%s: %s on the wire, where %s was expected", name, each["name"], found, wanted)
        self.expect(one["base"] or one["versioned"] == ("_version" in types), "%s: versioned, or not?", name)

    def wire_types(self, one, each):
        kind, multiplicity = each["type"], each["multiplicity"]
        if multiplicity == "map":
            return ["sequence<%sNamedValue>" % MODEL]
        if multiplicity in form.COLLECTIONS:
            return ["sequence<%s%s>" % (MODEL, kind), "bool"]
        if multiplicity in form.LINK_COLLECTIONS:
            counted = not self.types[kind]["global"] if kind in self.types else True
            return ["sequence<%s%s>" % (MODEL, kind), "bool"] + (["long to long"] if counted else [])
        return [BOXES.get(kind, MODEL + kind)]

    def shape(self, one):
        """What a type must have by what it is."""
        name, names = one["name"], [each["name"] for each in one["properties"]]
        inherited = [each["name"] for base in form.lineage(self.types, name)[1:] for each in base["properties"]]
        self.expect(len(set(names + inherited)) == len(names + inherited), "%s: a property is there twice", name)
        root = form.lineage(self.types, name)[-1]
        for key in ("global", "immutable", "versioned", "sequence"):
            self.expect(one[key] == root[key], "%s: another %s than its root", name, key)
        self.expect(one["sequence"] == "seq_" + root["table"], "%s: sequence %s", name, one["sequence"])
        self.expect(one["versioned"] != one["immutable"], "%s: both or neither of versioned and immutable", name)
        self.expect(("details" in one) == (one is root), "%s: details belong to the root of a hierarchy", name)
        details = one.get("details", {})
        if one is root:
            wanted = ["externalInfo", "permissions"]
            wanted += [] if one["global"] else ["creationEvent", "group", "owner"]
            wanted += [] if one["global"] or one["immutable"] else ["updateEvent"]
            self.same(details, wanted, name + ", details")
        if one["kind"] == "enum":
            values = [entry["value"] for entry in one["entries"]]
            self.expect(len(set(values)) == len(values), "%s: an entry is there twice", name)
            self.expect(bool(values) != (name in ENTRIES_AT_RUN_TIME), "%s: %d entries", name, len(values))
            for entry in one["entries"]:
                self.same(set(entry) - {"id"}, names, "%s, entry %s" % (name, entry["value"]))
        if one["kind"] == "link":
            self.same([each["multiplicity"] for each in one["properties"]
                       if each["multiplicity"] in ("from_parent", "to_child")], ["from_parent", "to_child"], name)
            self.expect((["parent", "child"] if one["global"] else ["parent", "child", "owner_id"]) in one["uniques"],
                        "%s: a link is not unique", name)

    def reference(self, one, each):
        """What a property points at, and whether that points back."""
        label, kind, multiplicity = "%s.%s" % (one["name"], each["name"]), each["type"], each["multiplicity"]
        if not self.expect(multiplicity in form.MULTIPLICITIES, "%s: multiplicity %s", label, multiplicity):
            return
        model = kind in self.types
        self.expect(model or kind in form.DATA_TYPES or kind in form.QUANTITIES, "%s: no type %s", label, kind)
        self.expect(model or multiplicity in form.VALUES + ["map"], "%s: %s of %s", label, multiplicity, kind)
        self.expect(("unitColumn" in each) == (kind in form.QUANTITIES), "%s: a unit's column, or none?", label)
        many = multiplicity in form.COLLECTIONS or multiplicity in form.LINK_COLLECTIONS
        self.expect(("column" in each) != (many or multiplicity == "map"), "%s: a column, or none?", label)
        self.expect(("map" in each) == (multiplicity == "map"), "%s: a table of its own, or none?", label)
        self.expect(("inverse" in each) or not many, "%s: no inverse", label)
        self.expect(("inverse" in each) or multiplicity not in ("manyone", "manyzero"), "%s: no inverse", label)
        self.expect(("indexColumn" in each) == bool(each.get("ordered")), "%s: ordered without its column", label)
        if "inverse" in each and model:
            self.counts["inverse sides"] += 1
            far = [other for other in self.types[kind]["properties"] if other["name"] == each["inverse"]]
            if self.expect(len(far) == 1, "%s: no inverse %s.%s", label, kind, each["inverse"]):
                for key, wanted in (("inverse", each["name"]), ("type", one["name"]), ("ordered", each.get("ordered")),
                                    ("indexColumn", each.get("indexColumn"))):
                    self.expect(far[0].get(key) == wanted, "%s: %s.%s has the %s %s, not %s", label, kind,
                                far[0]["name"], key, far[0].get(key), wanted)
                self.expect(("column" in far[0]) != ("column" in each), "%s: neither side holds the key", label)
        self.expect(("target" in each) == (multiplicity in form.LINK_COLLECTIONS), "%s: a target, or none?", label)
        if "target" in each and model:
            far = [other["type"] for other in self.types[kind]["properties"] if other["name"] == multiplicity]
            self.expect(far == [each["target"]], "%s: the link's %s is %s, not %s", label, multiplicity, far, each["target"])

    def tables(self):
        """Tables and what is in them: one per type or per hierarchy, no column twice, keys over columns that exist."""
        columns = collections.defaultdict(dict)
        owners = collections.defaultdict(list)

        def add(table, column, what):
            known = columns[table].setdefault(column, what)
            self.expect(known == what, "%s.%s: is %s and %s", table, column, known, what)

        for one in self.types.values():
            how, table = one.get("strategy", {"kind": "own"}), one["table"]
            family = [each for each in self.types.values()
                      if form.lineage(self.types, each["name"])[-1] is form.lineage(self.types, one["name"])[-1]]
            self.expect((how["kind"] == "own") == (len(family) == 1), "%s: a strategy, or none?", one["name"])
            self.expect(all(each.get("strategy", how)["kind"] == how["kind"] for each in family),
                        "%s: its hierarchy has several strategies", one["name"])
            if how["kind"] != "single" or not one["base"]:
                owners[table].append(one["name"])
                add(table, how.get("key", "id"), "the key of " + one["name"])
            if how["kind"] == "single":
                self.expect(table == form.lineage(self.types, one["name"])[-1]["table"], "%s: table %s", one["name"], table)
                self.expect("value" in how or one["abstract"], "%s: no discriminator", one["name"])
                if not one["base"]:
                    add(table, how["column"], "the discriminator")
                    values = [each["strategy"]["value"] for each in family if "value" in each["strategy"]]
                    self.expect(len(set(values)) == len(values), "%s: a discriminator is used twice", one["name"])
            for detail, column in one.get("details", {}).items():
                add(table, column, "details." + detail)
            for each in one.get("columns", []):
                add(table, each["column"], "a column without a property")
            for each in one["properties"]:
                # Types that share a table share the columns of the same name, if they are of the same type.
                what = "%s %s" % (each["type"], each["name"]) + ("" if how["kind"] == "single" else " of " + one["name"])
                for key in ("column", "unitColumn"):
                    if key in each:
                        add(table, each[key], what + ("" if key == "column" else ", unit"))
                if "column" in each and "indexColumn" in each:
                    add(table, each["indexColumn"], what + ", index")
                if "map" in each:
                    owners[each["map"]["table"]].append(one["name"] + "." + each["name"])
        for table, names in owners.items():
            self.expect(len(names) == 1, "the table %s is that of %s", table, ", ".join(names))
        for one in self.types.values():
            for unique in one["uniques"] + [each["columns"] for each in one.get("partialUniques", [])]:
                unknown = [column for column in unique if column not in columns[one["table"]]]
                self.expect(not unknown, "%s: a key over columns that are not there: %s", one["name"], ", ".join(unknown))
        self.same([table + "." + column for table, found in columns.items() for column, what in found.items()
                   if what.endswith(", index")], STORED_AS_ORDERED, "ordered")
        self.counts["tables"] = len(owners)
        self.counts["columns"] = sum(len(found) for found in columns.values())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", nargs="?", default=form.folder(), help="the record; Schema/data-model if left out")
    options = parser.parse_args()
    check = Check(options.folder, persistent(interface()))
    check.run()
    for difference in check.differences:
        print(difference)
    if check.differences:
        sys.exit("error: %d differences" % len(check.differences))
    for name in ("areas", "types", "type", "link", "enum", "properties", "fields", "inverse sides", "entries", "tables",
                 "columns", "patches", "checks"):
        print("%s: %d" % (name, check.counts[name]))


if __name__ == "__main__":
    main()
