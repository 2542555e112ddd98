"""Compares Schema/ with the installed omero-py: python check_schema.py [SCHEMA-FOLDER]

Schema/ was recorded from what the stubs tell the Ice runtime while they are imported. Here the imported modules are
walked instead: classes that have a type id, parameters of constructors, names of operations and of servants' methods,
enumerators, exceptions. Lists every difference and fails, or prints what it counted.
"""

import importlib
import importlib.metadata
import inspect
import json
import keyword
import pathlib
import sys

import Ice
import IcePy


def modules():
    """The modules that omero-py's stubs fill, by name."""
    import omero  # noqa: F401  (the stubs need it)

    stubs = [path.stem for path in importlib.metadata.files("omero-py") if path.name.endswith("_ice.py")]
    for stub in sorted(stubs):
        importlib.import_module(stub)
    found, waiting = {}, [("omero", sys.modules["omero"])]
    for stub in stubs:
        waiting += [(name[3:], value) for name, value in vars(sys.modules[stub]).items() if name.startswith("_M_omero")]
    while waiting:
        name, module = waiting.pop()
        known = found.setdefault(name, [])
        if any(module is each for each in known):
            continue
        known.append(module)
        for key, value in list(vars(module).items()):
            if inspect.ismodule(value) and getattr(value, "__name__", "") == name + "." + key:
                waiting.append((name + "." + key, value))
    return found


def own_parameters(python):
    """Names of the constructor's parameters that the base's doesn't have, in order."""
    def names(each):
        if "__init__" not in vars(each):
            return []
        parameters = inspect.signature(each.__init__).parameters.values()
        return [each.name for each in parameters if each.kind == each.POSITIONAL_OR_KEYWORD][1:]

    inherited = next((names(base) for base in python.__mro__[1:] if "__init__" in vars(base) and names(base)), [])
    mine = names(python)
    assert mine[:len(inherited)] == inherited or not mine, python
    return mine[len(inherited):]


class Installed:
    def __init__(self):
        self.classes, self.operations, self.enums, self.exceptions = {}, {}, {}, {}
        self.types = set()  # names of all that the runtime has a type for
        for module, parts in modules().items():
            for name, value in [item for part in parts for item in vars(part).items()]:
                if name.startswith("_t_"):
                    self.types.add("::%s::%s" % (module.replace(".", "::"), name[3:]))
                if inspect.isclass(value):
                    self.take(module, value)

    def take(self, module, python):
        own = vars(python)
        if issubclass(python, Ice.EnumBase):
            name = "::%s::%s" % (module.replace(".", "::"), python.__name__)
            self.enums[name] = {number: str(value) for number, value in python._enumerators.items()}
        elif issubclass(python, Ice.UserException) and "_ice_name" in own or "ice_name" in own:
            # ice_name() of Ice 3.6 leaves out the leading colons.
            self.exceptions["::" + python().ice_name().lstrip(":")] = own_parameters(python)
        elif "ice_staticId" in own and not issubclass(python, Ice.ObjectPrx):
            name = python.ice_staticId()
            self.classes[name] = own_parameters(python)
            self.operations[name] = {key[4:]: self.method(python, key[4:]) for key in own if key.startswith("_op_")}

    def defined_types(self):
        """Without classes that are only declared (grid::ScriptProcessor): only their proxies could ever travel."""
        declared = {name for name in self.types if name + "Prx" in self.types and name not in self.classes}
        return self.types - declared - {name + "Prx" for name in declared}

    @staticmethod
    def method(python, operation):
        """Names of the parameters, as the servant's method has them."""
        python_name = "_" * keyword.iskeyword(operation) + operation
        method = getattr(python, operation + "_async", None) or getattr(python, python_name)
        return [name for name in inspect.signature(method).parameters if name not in ("self", "_cb", "current")]


class Recorded:
    def __init__(self, folder):
        kinds = ("classes", "interfaces", "structs", "exceptions", "enums", "sequences", "dictionaries")
        self.kinds = {kind: {} for kind in kinds}
        for part in ("model", "services", "types", "."):
            for path in (folder / part).glob("*.json"):
                document = json.loads(path.read_text(encoding="utf-8"))
                for kind, rows in self.kinds.items():
                    rows.update({row["id"]: row for row in document.get(kind, []) if row["id"].startswith("::omero")})
        self.all = {**self.kinds["classes"], **self.kinds["interfaces"]}


class Check:
    def __init__(self):
        self.differences = []

    def same(self, what, installed, recorded):
        if installed != recorded:
            self.differences.append("%s: omero-py has %s, the schema %s" % (what, installed, recorded))

    def names(self, what, installed, recorded):
        self.same(what + " that only one has", sorted(set(installed) - set(recorded)), sorted(set(recorded) - set(installed)))


def main():
    default = pathlib.Path(__file__).resolve().parents[3] / "Schema"
    recorded = Recorded(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default)
    installed = Installed()
    check = Check()
    kinds = recorded.kinds
    check.names("classes and interfaces", installed.classes, recorded.all)
    for name in sorted(installed.classes.keys() & recorded.all.keys()):
        row = recorded.all[name]
        check.same("fields of " + name, installed.classes[name], [field["name"] for field in row.get("fields", [])])
        operations = {each["name"]: [parameter["name"] for parameter in each.get("parameters", [])]
                      for each in row.get("operations", [])}
        check.same("operations of " + name, installed.operations[name], operations)
    check.names("exceptions", installed.exceptions, kinds["exceptions"])
    for name in sorted(installed.exceptions.keys() & kinds["exceptions"].keys()):
        fields = [field["name"] for field in kinds["exceptions"][name].get("fields", [])]
        check.same("fields of " + name, installed.exceptions[name], fields)
    check.names("enums", installed.enums, kinds["enums"])
    for name in sorted(installed.enums.keys() & kinds["enums"].keys()):
        values = {value["value"]: value["name"] for value in kinds["enums"][name]["values"]}
        check.same("values of " + name, installed.enums[name], values)
    types = {name for rows in kinds.values() for name in rows}
    types |= {name + "Prx" for name in recorded.all}
    check.names("types", installed.defined_types(), types)
    if check.differences:
        print("\n".join(check.differences))
        sys.exit("error: %d differences" % len(check.differences))
    model = [name for name in installed.classes if name.startswith("::omero::model::")]
    counts = {
        "model classes": len(model), "own fields of model classes": sum(len(installed.classes[name]) for name in model),
        "classes and interfaces": len(installed.classes), "exceptions": len(installed.exceptions),
        "enums": len(installed.enums), "enum values": sum(map(len, installed.enums.values())),
        "interfaces": len(kinds["interfaces"]),
        "operations of interfaces": sum(len(installed.operations[name]) for name in kinds["interfaces"]),
        "operations of classes": sum(len(installed.operations[name]) for name in kinds["classes"]),
        "sequences and dictionaries": len(kinds["sequences"]) + len(kinds["dictionaries"]),
        "structs": len(kinds["structs"])}
    for name, count in counts.items():
        print("%s: %d" % (name, count))
    print("Ice: %s" % IcePy.stringVersion())


if __name__ == "__main__":
    main()
