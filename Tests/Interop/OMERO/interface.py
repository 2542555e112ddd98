"""OMERO's interface for the peer: the recorded one (Schema/), and what zeroc-ice and omero-py have for each type in it."""

import functools
import glob
import importlib
import json
import os
import sys

import Ice
import IcePy

SCHEMA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "Schema")
BASIC = ("bool", "byte", "short", "int", "long", "float", "double", "string")
ROOT = "::omero::model::IObject"
# What stands for a class of which there are only instances of derived ones; else the first of them.
INSTEAD = {ROOT: "::omero::model::Image", "::omero::model::Annotation": "::omero::model::TagAnnotation"}


def load_stubs():
    """Imports every generated stub of omero-py."""
    import omero  # noqa: F401  (the stubs need its module first)

    for path in sorted(glob.glob(os.path.join(os.path.dirname(IcePy.__file__), "omero*_ice.py"))):
        importlib.import_module(os.path.basename(path)[:-3])


class Interface:
    def __init__(self):
        self.classes, self.interfaces, self.structs, self.exceptions = {}, {}, {}, {}
        self.enums, self.sequences, self.dictionaries = {}, {}, {}
        for path in glob.glob(SCHEMA + "/*.json") + glob.glob(SCHEMA + "/*/*.json"):
            with open(path, encoding="utf-8") as file:
                document = json.load(file)
            for kind, rows in vars(self).items():
                rows.update({row["id"]: row for row in document.get(kind, [])})
        self.derived = {}
        for name in sorted(self.classes):
            for base in self.bases(name):
                self.derived.setdefault(base, []).append(name)
        self.factories = {}

    # MARK: Names

    def bases(self, name, rows=None):
        """The type itself, and those that it derives from."""
        rows = rows or self.classes
        found = []
        while name in rows:
            found.append(name)
            name = rows[name].get("base")
        return found

    def fields(self, name, rows=None):
        """All fields, those of the most distant base first."""
        rows = rows or self.classes
        return [field for base in reversed(self.bases(name, rows)) for field in rows[base].get("fields", [])]

    def is_a(self, name, base):
        return base == "Object" or base in self.bases(name)

    def operations(self, name):
        """All operations of an interface, inherited ones too."""
        row = self.interfaces[name]
        inherited = [row for base in row.get("interfaces", []) for row in self.operations(base)]
        return row.get("operations", []) + inherited

    # MARK: Python's side

    @staticmethod
    def python(name):
        """What `::omero::model::Project` is in Python."""
        module, *path = name[2:].split("::")
        return functools.reduce(getattr, path, sys.modules[module])

    @classmethod
    def type(cls, name):
        """The runtime's object for a type."""
        if name in BASIC:
            return getattr(IcePy, "_t_" + name)
        if name in ("Object", "Object*"):
            return IcePy._t_Object if name == "Object" else IcePy._t_ObjectPrx
        module, _, last = name.rstrip("*").rpartition("::")
        return cls.python(module + "::_t_" + last + ("Prx" if name.endswith("*") else ""))

    def operation(self, name, parameters=(), outs=(), result=None, exceptions=()):
        """An operation that no Slice file has."""
        def part(type):
            return (), self.type(type), False, 0

        mode = Ice.OperationMode.Idempotent
        return IcePy.Operation(name, mode, mode, False, None, (), tuple(part(type) for type in parameters),
                               tuple(part(type) for type in outs), part(result) if result else None,
                               tuple(self.type(exception) for exception in exceptions))

    # MARK: Instances

    def use(self, communicator):
        """Registers omero-py's implementations, as omero.client does. (Those of columns need PyTables; the stubs do.)"""
        import omero.ObjectFactoryRegistrar
        import omero.rtypes

        omero.ObjectFactoryRegistrar.registerObjectFactory(communicator, None)
        for factory in omero.rtypes.ObjectFactories.values():
            factory.register(communicator)
        for name, row in self.classes.items():
            factory = communicator.findObjectFactory(name)
            if factory:
                self.factories[name] = lambda factory=factory, name=name: factory.create(name)
            elif not row["abstract"]:
                self.factories[name] = self.python(name)

    def concrete(self, name):
        """The class of which instances stand for those of `name`."""
        if name == "Object":
            name = ROOT
        if name in self.factories and name not in INSTEAD:
            return name
        return INSTEAD.get(name) or next(each for each in self.derived[name] if each in self.factories)

    def create(self, name):
        return self.factories[name]()
