"""Prints as JSON what omero-py says of units and permissions; the tests compare it with ours."""

import itertools
import json

import omero.all  # noqa: F401
import omero.model as model

KINDS = ("ElectricPotential", "Frequency", "Length", "Power", "Pressure", "Temperature", "Time")
VALUE = 12.5


def units(kind):
    quantity = getattr(model, kind + "I")
    enumeration = getattr(model.enums, "Units" + kind)
    names = [enumeration.valueOf(number).name for number in sorted(enumeration._enumerators)]
    conversions = []
    for source in names:
        row = []
        for target in names:
            try:
                row.append(float(quantity(quantity(VALUE, source), target).getValue()))
            except Exception:
                row.append(None)
        conversions.append(row)
    return {"symbols": [quantity(VALUE, name).getSymbol() for name in names], "conversions": conversions}


def permissions():
    texts = {"".join(text): model.PermissionsI("".join(text))._perm1
             for text in itertools.product("r-", "wa-", "r-", "wa-", "r-", "wa-")}
    return {"texts": texts, "bits": [str(model.PermissionsI(bits)) for bits in range(0x778)]}


print(json.dumps({"units": {kind: units(kind) for kind in KINDS}, "permissions": permissions()}))
