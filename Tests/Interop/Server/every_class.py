"""omero-py saves an object of every concrete class of the model with all its properties, and finds it again: by its id,
by queries, and from both ends of what it refers to."""

import argparse
import glob
import json
import os

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.model
from omero.model import NamedValue
from omero.rtypes import rbool, rdouble, rint, rlong, rstring, rtime, unwrap
from omero.sys import ParametersI

from checks import Checks, equal
from gateway_life import Server

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "Schema", "data-model")

# What a client can't choose: the server puts files into its repositories; queries don't know the address.
NOT_SET = {("OriginalFile", "repo"), ("Session", "userIP"), ("Share", "userIP")}

# Users, groups and sessions are made by services of their own.
NOT_MADE_SO = {"Experimenter", "ExperimenterGroup", "GroupExperimenterMap", "Session", "Share", "ShareMember", "Event", "EventLog",
               "Node"}

UNITS = {"Length": "MICROMETER", "Time": "SECOND", "Power": "MILLIWATT", "Pressure": "MILLIBAR",
         "Temperature": "CELSIUS", "Frequency": "MEGAHERTZ", "ElectricPotential": "MILLIVOLT"}


class Model:
    def __init__(self):
        self.types = {}
        for path in sorted(glob.glob(os.path.join(SCHEMA, "*.json"))):
            with open(path, encoding="utf-8") as file:
                found = json.load(file)
            for kind in found.get("types", []) if isinstance(found, dict) else []:
                self.types[kind["name"]] = kind

    def properties(self, name):
        """All but the version, the inherited ones first."""
        kind = self.types[name]
        inherited = self.properties(kind["base"]) if kind.get("base") else []
        return inherited + [p for p in kind["properties"] if p["name"] != "version" and (name, p["name"]) not in NOT_SET]

    def settable(self, name):
        return [p for p in self.properties(name)
                if ("column" in p or "map" in p) and p.get("mapped", True) and (name, p["name"]) not in NOT_SET]

    def declaring(self, name, prop):
        """The class that has the property, this one or one of its bases."""
        kind = self.types[name]
        if any(p["name"] == prop for p in kind["properties"]):
            return name
        return self.declaring(kind["base"], prop)

    def concrete(self, name):
        if not self.types[name]["abstract"]:
            return name
        return next(self.concrete(n) for n in sorted(self.types) if self.types[n].get("base") == name)

    @property
    def classes(self):
        return sorted(n for n, kind in self.types.items() if not kind["abstract"])


class Maker:
    def __init__(self, server):
        self.model = Model()
        self.gateway = server.connected()
        group, _ = server.new_group(self.gateway.getAdminService(), "rwrw--")
        self.context = {"omero.group": str(group)}
        self.update = self.gateway.c.sf.getUpdateService()
        self.query = self.gateway.c.sf.getQueryService()
        self.number = 0
        self.made = {}
        self.under_way = set()

    def is_reference(self, prop):
        return prop["type"] in self.model.types and "unitType" not in prop

    def bare(self, name, without=None):
        """A new object with no more than it must have, which is not saved yet."""
        made = getattr(omero.model, name + "I")()
        for prop in self.model.settable(name):
            if prop["required"] and prop["name"] != without:
                setattr(made, prop["name"], self.value(prop))
        return made

    def make(self, name, bare=False):
        """The id of an object of that class with everything in it, which is made once; of a bare one, each time a new one."""
        if bare:
            return self.update.saveAndReturnObject(self.bare(name), self.context).id.val
        if name in self.made:
            return self.made[name][0]
        self.under_way.add(name)
        made = getattr(omero.model, name + "I")()
        sent = {}
        for prop in self.model.settable(name):
            value = self.value(prop)
            setattr(made, prop["name"], value)
            sent[prop["name"]] = value
        saved = self.update.saveAndReturnObject(made, self.context)
        self.under_way.discard(name)
        self.made[name] = (saved.id.val, sent, saved)
        return saved.id.val

    def value(self, prop):
        self.number += 1
        kind, number = prop["type"], self.number
        if "map" in prop:
            return [NamedValue("b", "%d" % number), NamedValue("a", "ü"), NamedValue("b", "")]
        if "unitColumn" in prop:
            unit = getattr(getattr(omero.model.enums, prop["unitType"]), UNITS[kind])
            return getattr(omero.model, kind + "I")(number + 0.5, unit)
        if self.is_reference(prop):
            target = self.model.concrete(kind)
            if self.model.types[target]["kind"] == "enum":
                entries = self.query.findAll(target, None)
                # Some have no entries to begin with.
                number = entries[0].id.val if entries else self.make(target)
                return getattr(omero.model, target + "I")(number, False)
            number = self.make(target, bare=target in self.under_way)
            return getattr(omero.model, target + "I")(number, False)
        return {
            "string": lambda: rstring("%s %d ü" % (prop["name"][:20], number)),
            "text": lambda: rstring("%s %d\n漢字 🔬 '\"%%" % (prop["name"], number)),
            "int": lambda: rint(-number), "PositiveInteger": lambda: rint(number),
            "NonNegativeInteger": lambda: rint(number), "long": lambda: rlong(number << 33),
            "double": lambda: rdouble(number + 0.125), "PercentFraction": lambda: rdouble(0.25),
            "boolean": lambda: rbool(True), "timestamp": lambda: rtime(1577880000123 + number),
            "byte[]": lambda: bytes([0, 255, 7, number % 256]), "string[]": lambda: ["a", "ü\"", ""],
        }[kind]()

    # What was sent, and what is found

    def plain(self, value):
        if isinstance(value, omero.model.IObject):
            return type(value).__name__, value.id.val
        if hasattr(value, "getUnit"):
            return value.getValue(), value.getUnit().name
        if isinstance(value, list):
            return [(v.name, v.value) if isinstance(v, NamedValue) else v for v in value]
        if isinstance(value, (bytes, bytearray)):
            return bytes(value)
        return unwrap(value)

    def compare(self, name, found, sent, what):
        equal(type(found).__name__, name + "I", what)
        for key, value in sent.items():
            equal(self.plain(getattr(found, key)), self.plain(value), "%s.%s %s" % (name, key, what))

    def check(self, name):
        number = self.make(name)
        _, sent, saved = self.made[name]
        settable = {p["name"]: p for p in self.model.settable(name)}
        equal(set(sent), set(settable), "all properties are set")
        assert all(value is not None for value in sent.values())
        self.compare(name, saved, sent, "as it was returned")
        self.compare(name, self.query.get(name, number, self.context), sent, "by its id")
        one = ParametersI().addId(number)
        text = "select x from %s x where x.id = :id" % name
        self.compare(name, self.query.findByQuery(text, one, self.context), sent, "by a query")
        for key, value in sent.items():
            prop = settable[key]
            if self.is_reference(prop):
                self.check_reference(name, number, prop, value)
            elif "map" in prop:
                rows = self.query.projection(
                    "select m.name, m.value from %s x join x.%s m where x.id = :id order by index(m)" % (name, key),
                    one, self.context)
                equal([tuple(unwrap(row)) for row in rows], self.plain(value), key)
            elif "unitColumn" in prop:
                text = "select x.%s.value from %s x where x.id = :id" % (key, name)
                equal(unwrap(self.query.projection(text, one, self.context)), [[value.getValue()]], key)
            elif prop["type"] not in ("byte[]", "string[]"):
                both = ParametersI().addId(number)
                both.map["value"] = value
                text = "select x.id from %s x where x.id = :id and x.%s = :value" % (name, key)
                equal(unwrap(self.query.projection(text, both, self.context)), [[number]], key)

    def check_reference(self, name, number, prop, value):
        one = ParametersI().addId(number)
        text = "select x.%s.id from %s x where x.id = :id" % (prop["name"], name)
        equal(unwrap(self.query.projection(text, one, self.context)), [[value.id.val]], prop["name"])
        text = "select x from %s x join fetch x.%s where x.id = :id" % (name, prop["name"])
        fetched = getattr(self.query.findByQuery(text, one, self.context), prop["name"])
        equal((fetched.loaded, fetched.id.val, type(fetched)), (True, value.id.val, type(value)), prop["name"])
        if "inverse" not in prop:
            return
        holder, back = prop["type"], prop["inverse"]
        far = ParametersI().addId(value.id.val)
        text = "select e.id from %s h join h.%s e where h.id = :id" % (holder, back)
        assert number in [row[0].val for row in self.query.projection(text, far, self.context)], (holder, back)
        text = "select h from %s h join fetch h.%s where h.id = :id" % (holder, back)
        found = self.query.findByQuery(text, far, self.context)
        elements = getattr(found, "copy" + back[0].upper() + back[1:])()
        assert number in [e.id.val for e in elements], (holder, back)
        self.check_saving_from_the_other_end(name, prop)

    def check_saving_from_the_other_end(self, name, prop):
        """What is put into a collection of an object is saved with it, and knows then what it is in."""
        holder, back = self.model.concrete(prop["type"]), prop["inverse"]
        if holder in NOT_MADE_SO or name in NOT_MADE_SO:
            return
        new = self.bare(holder)
        element = self.bare(name, without=prop["name"])
        # Folders have `addChildFolders`.
        ways = ["add" + self.model.declaring(name, prop["name"]), "add" + back[0].upper() + back[1:]]
        getattr(new, next(way for way in ways if hasattr(type(new), way)))(element)
        saved = self.update.saveAndReturnObject(new, self.context)
        elements = getattr(saved, "copy" + back[0].upper() + back[1:])()
        equal(len(elements), 1, "%s.%s" % (holder, back))
        text = "select x.%s.id from %s x where x.id = :id" % (prop["name"], name)
        one = ParametersI().addId(elements[0].id.val)
        equal(unwrap(self.query.projection(text, one, self.context)), [[saved.id.val]], "%s.%s" % (holder, back))


def checks(maker):
    def of(name):
        def check(_):
            maker.check(name)
        check.__name__ = "check_" + name
        return check
    return [of(name) for name in maker.model.classes]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", default="omero")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    maker = Maker(Server(options))
    wanted = [check for check in checks(maker) if options.only in check.__name__]
    try:
        Checks().run(wanted, maker).end()
    finally:
        maker.gateway.close()


if __name__ == "__main__":
    main()
