"""Writes the interface of the installed omero-py into a folder of JSON files; scripts/record-schema calls it.

omero-py's generated stubs declare every type to the Ice runtime when they are imported. Here the runtime's functions
are wrapped before that, so what is written are the declarations themselves: names, type ids, bases, members, operations.
A type is written as in Slice: `int`, `::omero::RString` (an instance), `::omero::cmd::Handle*` (a proxy),
`::omero::sys::LongList` (a sequence, see its module's file).
"""

import argparse
import collections
import importlib
import importlib.metadata
import inspect
import json
import os
import pathlib
from fractions import Fraction

import IcePy  # only this: what `import Ice` declares counts too

FORMATS = ("default", "compact", "sliced")  # by the number of Ice.FormatType
RECORDED = ("classes", "dictionaries", "enums", "exceptions", "interfaces", "sequences", "structs")


class Declarations:
    """What the stubs declare while they are imported."""

    def __init__(self):
        self.names = {}  # of a declared type, by the identity of the runtime's object for it
        self.kept = []  # so that no identity is used twice
        self.found = {kind: {} for kind in RECORDED}
        self.operations = collections.defaultdict(dict)  # operation's object by (class, name)
        self.arguments = {}  # of `Operation`, by the identity of what it made
        for name in ("bool", "byte", "short", "int", "long", "float", "double", "string"):
            self.names[id(getattr(IcePy, "_t_" + name))] = name
        for name in ("Class", "Proxy", "Enum", "Struct", "Sequence", "Dictionary", "Exception"):
            self.wrap("define" + name, getattr(self, "define_" + name.lower()), "*" if name == "Proxy" else "")
        self.wrap("declareClass", None, "")
        self.wrap("declareProxy", None, "*")
        operation = IcePy.Operation

        def make(*arguments):
            made = operation(*arguments)
            self.kept.append(made)
            self.arguments[id(made)] = arguments
            return made

        IcePy.Operation = make

    def wrap(self, function, record, suffix):
        original = getattr(IcePy, function)

        def call(*arguments):
            made = original(*arguments)
            self.kept.append(made)
            self.names[id(made)] = arguments[0].replace("::Ice::Object", "Object") + suffix
            if record:
                record(*arguments)
            return made

        setattr(IcePy, function, call)

    def name(self, type_object):
        return self.names[id(type_object)]

    def members(self, python, members):
        """Those of a class, struct or exception: (name, meta, type[, optional, tag])."""
        rows = []
        try:
            defaults = inspect.signature(python.__init__).parameters
        except ValueError:
            defaults = {}
        for member in members:
            row = {"name": member[0], "type": self.name(member[2])}
            if len(member) > 3 and member[3]:
                row["tag"] = member[4]
            parameter = defaults.get(member[0])
            value = None if parameter is None else parameter.default
            if isinstance(value, (bool, int, float, str)) and value:
                row["default"] = value
            rows.append(row)
        return rows

    def define_class(self, name, python, compact, meta, abstract, preserve, base, interfaces, members):
        row = {"id": name, "python": python, "abstract": abstract, "fields": self.members(python, members)}
        if base:
            row["base"] = self.name(base)
        if compact >= 0:
            row["compactId"] = compact
        if preserve:
            row["preserve"] = True
        row["interfaces"] = [self.name(interface) for interface in interfaces]
        self.found["classes"][name] = row

    def define_proxy(self, *_):
        pass

    def define_enum(self, name, python, meta, values):
        entries = [{"name": str(value), "value": number} for number, value in sorted(values.items())]
        self.found["enums"][name] = {"id": name, "values": entries}

    def define_struct(self, name, python, meta, members):
        self.found["structs"][name] = {"id": name, "fields": self.members(python, members)}

    def define_sequence(self, name, meta, element):
        self.found["sequences"][name] = {"id": name, "element": self.name(element)}

    def define_dictionary(self, name, meta, key, value):
        self.found["dictionaries"][name] = {"id": name, "key": self.name(key), "value": self.name(value)}

    def define_exception(self, name, python, meta, preserve, base, members):
        row = {"id": name, "fields": self.members(python, members)}
        if base:
            row["base"] = self.name(base)
        self.found["exceptions"][name] = row

    def operation_row(self, python, name, operation):
        _, _, mode, amd, form, _, parameters, outs, result, exceptions = self.arguments[id(operation)]
        # The servant's method carries the names; an asynchronous one has the call-back before them.
        method = getattr(python, name + "_async", None) or getattr(python, name)
        names = [n for n in inspect.signature(method).parameters if n not in ("self", "_cb", "current")]
        assert len(names) == len(parameters), (python, name, names)
        row = {"name": name, "mode": mode.name.lower(),
               "parameters": [self.parameter(p, n) for p, n in zip(parameters, names)],
               "outs": [self.parameter(out, "out%d" % number) for number, out in enumerate(outs)]}
        if result:
            row["result"] = self.parameter(result)
        row["exceptions"] = sorted(self.name(exception) for exception in exceptions)
        if form is not None:
            row["format"] = FORMATS[form.value]
        if amd:
            row["amd"] = True
        return {key: value for key, value in row.items() if value != []}

    def parameter(self, parameter, name=None):
        row = {} if name is None else {"name": name}
        row["type"] = self.name(parameter[1])
        if parameter[2]:
            row["tag"] = parameter[3]
        return row

    def finish(self):
        """Adds the operations and tells interfaces from classes."""
        classes = self.found["classes"]
        for row in classes.values():
            python = row.pop("python")
            found = [(name[4:], value) for name, value in vars(python).items() if name.startswith("_op_")]
            row["operations"] = [self.operation_row(python, *item) for item in sorted(found)]
        by_value = {row.get("base") for row in classes.values()}
        for kind in ("structs", "exceptions", "classes"):
            by_value.update(field["type"] for row in self.found[kind].values() for field in row["fields"])
        by_value.update(row["element"] for row in self.found["sequences"].values())
        by_value.update(row["value"] for row in self.found["dictionaries"].values())
        for row in classes.values():
            for operation in row["operations"]:
                parts = operation.get("parameters", []) + operation.get("outs", [])
                by_value.update(part["type"] for part in parts)
                by_value.add(operation.get("result", {}).get("type"))
        # The stubs don't say which is which: what has no data and never travels by value is an interface.
        for name in sorted(classes):
            row = classes[name]
            if row["abstract"] and not row["fields"] and name not in by_value and "base" not in row:
                self.found["interfaces"][name] = row
        for name in self.found["interfaces"]:
            del classes[name]
        for row in list(classes.values()) + list(self.found["interfaces"].values()):
            for key in ("operations", "interfaces", "fields"):
                if not row[key]:
                    del row[key]
        for name in self.found["interfaces"]:
            self.found["interfaces"][name].pop("abstract")
        for kind in RECORDED:
            self.found[kind] = dict(sorted(self.found[kind].items()))


def units():
    """Symbols of the units, and how to convert to the one that all others of the kind convert to, exactly."""
    import omero.model

    found = {}
    for kind in ("ElectricPotential", "Frequency", "Length", "Power", "Pressure", "Temperature", "Time"):
        quantity = getattr(omero.model, kind + "I")
        values = sorted(quantity.CONVERSIONS, key=str)
        base = next(value for value in values if str(value) in BASES)
        rows = []
        for value in values:
            row = {"name": str(value), "symbol": quantity.SYMBOLS[str(value)]}
            conversion = quantity.CONVERSIONS[value].get(base)
            if value == base:
                row.update(factor="1", offset="0")
            elif conversion is not None:
                factor, offset = linear(conversion)
                row.update(factor=str(factor), offset=str(offset))
            rows.append(row)
        found[kind] = {"kind": kind, "enum": "::omero::model::enums::Units" + kind, "base": str(base), "units": rows}
    return found


BASES = {"VOLT", "HERTZ", "METER", "WATT", "PASCAL", "KELVIN", "SECOND"}


def linear(conversion):
    """(factor, offset) of an expression of omero.conversions."""
    kind = type(conversion).__name__
    parts = getattr(conversion, "conversions", ())
    if kind == "Sym":
        return Fraction(1), Fraction(0)
    if kind == "Int":
        return Fraction(0), Fraction(int(conversion.i))
    if kind == "Pow":
        return Fraction(0), Fraction(conversion.base) ** conversion.exp
    if kind == "Rat":
        return Fraction(0), value(conversion.n) / value(conversion.d)
    pairs = [linear(part) for part in parts]
    if kind == "Add":
        return sum(p[0] for p in pairs), sum(p[1] for p in pairs)
    if kind == "Mul":
        factor, offset = Fraction(0), Fraction(1)
        for f, o in pairs:
            assert factor == 0 or f == 0, "not linear"
            factor, offset = factor * o + f * offset, offset * o
        return factor, offset
    raise ValueError("unknown expression " + kind)


def value(expression):
    if isinstance(expression, (int, str)):
        return Fraction(expression)
    factor, offset = linear(expression)
    assert factor == 0
    return offset


def line(row):
    return json.dumps(row, ensure_ascii=False, separators=(", ", ": "))


def text(document):
    """JSON with a line for each member, value, operation: what changes from release to release."""
    out = ["{"]
    for number, (key, rows) in enumerate(document.items()):
        end = "," if number + 1 < len(document) else ""
        if not isinstance(rows, list):
            out.append('  "%s": %s%s' % (key, line(rows), end))
            continue
        out.append('  "%s": [' % key)
        for index, row in enumerate(rows):
            out += declaration(row, "," if index + 1 < len(rows) else "")
        out.append("  ]" + end)
    return "\n".join(out + ["}", ""])


def declaration(row, end):
    lists = [key for key in ("fields", "operations", "values", "units") if key in row]
    head = {key: value for key, value in row.items() if key not in lists}
    if not lists:
        return ["    " + line(head) + end]
    out = ["    " + line(head)[:-1] + ","]
    for number, key in enumerate(lists):
        out.append('      "%s": [' % key)
        items = row[key]
        out += ["        " + line(item) + ("," if i + 1 < len(items) else "") for i, item in enumerate(items)]
        out.append("      ]" + ("," if number + 1 < len(lists) else ""))
    return out + ["    }" + end]


def module(type_id):
    return type_id[2:].rpartition("::")[0].replace("::", ".") or "global"


def reachable(declarations):
    """The ids that are not OMERO's own but that its declarations name, directly or not."""
    everything = {name: row for rows in declarations.found.values() for name, row in rows.items()}
    wanted = [name for name in everything if name.startswith("::omero")]
    seen = set(wanted)
    while wanted:
        row = everything[wanted.pop()]
        for name in set(strings(row)) & everything.keys() - seen:
            # Of what is behind a proxy only the name counts.
            seen.add(name)
            wanted.append(name)
    return seen


def strings(row):
    if isinstance(row, str):
        yield row
    elif isinstance(row, dict):
        for key, value in row.items():
            if key != "id":
                yield from strings(value)
    elif isinstance(row, list):
        for value in row:
            yield from strings(value)


def areas(folder):
    """The area of each model class, from the data model recorded beside; what it doesn't have is `base`."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        document = json.loads(path.read_text(encoding="utf-8"))
        for row in document.get("types", []):
            found["::omero::model::" + row["name"]] = document["area"]
    return found


def write(folder, declarations, quantities):
    documents = collections.defaultdict(lambda: collections.defaultdict(list))
    area = areas(folder / "data-model")
    known = reachable(declarations)
    for kind, rows in declarations.found.items():
        for name, row in rows.items():
            if name not in known:
                continue
            if kind == "interfaces" and name.startswith("::omero"):
                path = "services/%s.json" % name[2:].replace("::", ".")
            elif kind == "classes" and name.startswith("::omero::model::"):
                path = "model/%s.json" % area.get(name, "base")
            elif kind == "exceptions" and name.startswith("::omero"):
                path = "exceptions.json"
            else:
                path = "types/%s.json" % module(name)
            documents[path][kind].append(row)
    documents["units.json"]["quantities"] = list(quantities.values())
    documents["release.json"] = {"omero-py": importlib.metadata.version("omero-py"), "Ice": IcePy.stringVersion()}
    for old in [folder / "exceptions.json", *folder.glob("model/*.json"), *folder.glob("services/*.json"),
                *folder.glob("types/*.json")]:
        if old.exists() and str(old.relative_to(folder)) not in documents:
            old.unlink()
    for path, document in documents.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text(dict(sorted(document.items()))), encoding="utf-8")
    return documents


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    declarations = Declarations()
    site = pathlib.Path(IcePy.__file__).parent
    import omero  # noqa: F401  (the stubs of OMERO need its module first)

    for stub in sorted(site.glob("omero*_ice.py")):
        importlib.import_module(stub.stem)
    declarations.finish()
    write(options.folder, declarations, units())
    for kind in RECORDED:
        rows = [row for name, row in declarations.found[kind].items() if name.startswith("::omero")]
        print("%d %s" % (len(rows), kind))


if __name__ == "__main__":
    main()
