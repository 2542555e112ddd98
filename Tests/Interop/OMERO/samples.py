"""Sample values of every type, the same for the same seed, and a text that says all of a value.

Swift makes the same text from what it decodes (Tests/OMEROInteropTests/Support/Description.swift).
"""

import random
import re
import struct

from interface import BASIC, ROOT

RANGES = {"byte": (0, 255), "short": (-2**15, 2**15 - 1), "int": (-2**31, 2**31 - 1), "long": (-2**63, 2**63 - 1)}
TEXTS = ("", "é世😀", "a b\\c\n\"d\"", "x" * 300)


class Sampler:
    """How full: `full` fills everything, what is referred to by id only; `cyclic` refers back wherever it can; `null`
    fills nothing; `plain` has a null now and then and makes references by id."""

    def __init__(self, interface, communicator, seed, how="plain"):
        self.interface = interface
        self.communicator = communicator
        self.random = random.Random(seed)
        self.seed = seed
        self.how = how
        self.made = []
        self.refers_back = False

    def value(self, type, depth=0, name=""):
        interface = self.interface
        if type in BASIC:
            return self.basic(type, name)
        if type.endswith("*"):
            return None if self.is_null() else self.proxy(type)
        if type in interface.enums:
            values = interface.python(type)._enumerators
            return values[min(values) if self.how == "null" else self.random.choice(sorted(values))]
        if type in interface.structs:
            made = interface.python(type)()
            for field in interface.fields(type, interface.structs):
                setattr(made, field["name"], self.value(field["type"], depth + 1))
            return made
        if type in interface.sequences:
            return self.sequence(interface.sequences[type]["element"], depth)
        if type in interface.dictionaries:
            row = interface.dictionaries[type]
            count = 0 if self.how == "null" else 2
            return {self.value(row["key"], depth): self.value(row["value"], depth + 1) for _ in range(count)}
        return self.instance(type, depth)

    def is_null(self):
        return self.how == "null" or self.how == "plain" and self.random.random() < 0.15

    def basic(self, type, name):
        if self.how == "null":
            return "" if type == "string" else False if type == "bool" else 0
        if type == "bool":
            return True if self.how != "plain" else self.random.random() < 0.5
        if type in ("float", "double"):
            number = self.random.uniform(-1e6, 1e6)
            return struct.unpack("<f", struct.pack("<f", number))[0] if type == "float" else number
        if type == "string":
            return "%s %s %d" % (self.random.choice(TEXTS), name, self.random.randrange(1000))
        return self.random.randint(*RANGES[type])

    def sequence(self, element, depth):
        count = 0 if self.how == "null" else 2
        values = [self.value(element, depth + 1) for _ in range(count)]
        return bytes(values) if element == "byte" else values

    def proxy(self, type):
        port = self.random.randint(1024, 65535)
        proxy = self.communicator.stringToProxy("sample-%d:tcp -h 127.0.0.1 -p %d" % (port, port))
        if type == "Object*":
            return proxy
        module, _, last = type[:-1].rpartition("::")
        return self.interface.python(module + "::" + last + "Prx").uncheckedCast(proxy)

    # MARK: Instances

    def instance(self, type, depth):
        if self.is_null():
            return None
        name = self.interface.concrete(type)
        if self.how == "cyclic":
            for other, known in self.made:
                if self.interface.is_a(known, type):
                    self.refers_back = True
                    return other
        is_object = self.interface.is_a(name, ROOT)
        if is_object and depth > (3 if self.how == "cyclic" else 0):
            return self.unloaded(name)
        if depth > 4:
            return None
        if type == "::omero::RType":
            # Any of them, but no collections in collections forever.
            kinds = [each for each in self.interface.derived[type] if each in self.interface.factories]
            leaves = [each for each in kinds if not self.interface.fields(each)[0]["type"] in
                      ("::omero::RTypeSeq", "::omero::RTypeDict")]
            name = self.random.choice(kinds if depth < 2 else leaves)
        return self.filled(name, depth)

    def unloaded(self, name):
        made = self.blank(name)
        made.__dict__["_id"] = self.filled("::omero::RLong", 9)
        return made

    def blank(self, name):
        """An instance with nothing in it, whatever its constructor puts there."""
        made = self.interface.create(name)
        how, self.how = self.how, "null"
        for field in self.interface.fields(name):
            made.__dict__[field["name"]] = self.value(field["type"], name=field["name"])
        self.how = how
        return made

    def filled(self, name, depth):
        made = self.interface.create(name)
        self.made.append((made, name))
        for field in self.interface.fields(name):
            value = self.value(field["type"], depth + 1, field["name"])
            if name == "::omero::RTime":
                # What a calendar knows.
                value %= 4_000_000_000_000
            made.__dict__[field["name"]] = value
        return made


class Description:
    """A line for each member: the number of its instance (in the order in which they are met), its name, its value."""

    def __init__(self, interface):
        self.interface = interface
        self.lines = []
        self.numbers = {}
        self.waiting = []

    @classmethod
    def of(cls, interface, type, value):
        made = cls(interface)
        made.add("value", type, value)
        return made.text()

    @classmethod
    def of_exception(cls, interface, error):
        made = cls(interface)
        name = "::" + error.ice_name()
        made.lines.append("class=" + name)
        for field in interface.fields(name, interface.exceptions):
            made.add(field["name"], field["type"], getattr(error, field["name"]))
        return made.text()

    def text(self):
        for instance in self.waiting:  # which grows meanwhile
            number = self.numbers[id(instance)]
            name = instance.ice_id()
            self.lines.append("%d.class=%s" % (number, name))
            for field in self.interface.fields(name):
                self.add("%d.%s" % (number, field["name"]), field["type"], getattr(instance, field["name"]))
        return "\n".join(self.lines)

    def add(self, path, type, value):
        interface = self.interface
        if type in interface.structs:
            for field in interface.fields(type, interface.structs):
                self.add(path + "." + field["name"], field["type"], getattr(value, field["name"]))
        elif type in interface.sequences:
            self.sequence(path, interface.sequences[type]["element"], value or ())
        elif type in interface.dictionaries:
            row = interface.dictionaries[type]
            self.lines.append("%s=%d elements" % (path, len(value or ())))
            elements = [(self.key(row["key"], key), each) for key, each in (value or {}).items()]
            for key, each in sorted(elements, key=lambda element: element[0].encode()):
                self.add("%s{%s}" % (path, key), row["value"], each)
        else:
            self.lines.append("%s=%s" % (path, self.scalar(type, value)))

    def sequence(self, path, element, values):
        if element == "byte":
            self.lines.append("%s=%s" % (path, bytes(values).hex()))
            return
        self.lines.append("%s=%d elements" % (path, len(values)))
        for index, value in enumerate(values):
            self.add("%s[%d]" % (path, index), element, value)

    def key(self, type, key):
        if type in self.interface.structs:
            fields = self.interface.fields(type, self.interface.structs)
            return ",".join(self.scalar(field["type"], getattr(key, field["name"])) for field in fields)
        return self.scalar(type, key)

    def scalar(self, type, value):
        if type == "bool":
            return "true" if value else "false"
        if type in ("float", "double"):
            # The bits, as every language writes numbers in its own way.
            return struct.pack(">f" if type == "float" else ">d", value).hex()
        if type == "string":
            return (value or "").replace("\\", "\\\\").replace("\n", "\\n")
        if type in BASIC:
            return str(value)
        if value is None:
            return "null"
        if type in self.interface.enums:
            return str(value.value)
        if type.endswith("*"):
            # In encoding 1.0 a proxy's own encoding doesn't travel.
            return re.sub(r" -e 1\.[01]", "", str(value))
        if id(value) not in self.numbers:
            self.numbers[id(value)] = len(self.numbers) + 1
            self.waiting.append(value)
        return "#%d" % self.numbers[id(value)]


def difference(ours, theirs):
    """The first lines that differ; empty if none."""
    if ours == theirs:
        return ""
    ours, theirs = ours.split("\n"), theirs.split("\n")
    for number in range(max(len(ours), len(theirs))):
        one = ours[number] if number < len(ours) else "nothing"
        other = theirs[number] if number < len(theirs) else "nothing"
        if one != other:
            return "%s is wanted, %s was found" % (one[:200], other[:200])
