"""Writes Schema/data-model/<area>.json from the facts of OMERO's data model; scripts/record-data-model calls it.

The facts (one JSON object, type name to facts) say what OMERO's mappings say. The rules here add what follows from
them: tables, columns, keys, annotation links, inverse sides, wire fields. What no rule gives is a patch in
Schema/data-model/patches.json. Every fact must be used and every patch must change something, else nothing is written.
"""

import argparse
import os
import sys

import data_model as form

QUOTED = ["column", "constant", "file", "group", "mode", "power", "ref", "reverse", "row", "rows", "session", "size"]
TYPE_FACTS = {"area", "kind", "abstract", "deprecated", "base", "discriminator", "global", "immutable", "named",
              "described", "annotated", "properties", "entries"}
PROPERTY_FACTS = {"name", "multiplicity", "type", "unique", "mutable", "ordered", "inverse", "target"}


def fail(message, *values):
    sys.exit("error: " + message % values)


# MARK: Patches

def split(target):
    name, _, rest = target.partition(".")
    return name, rest


def property_of(owner, name, target):
    found = [each for each in owner.get("properties", []) if each["name"] == name]
    if len(found) != 1:
        fail("a patch names %s, and there are %d of it", target, len(found))
    return found[0]


def change(what, value, target, keys):
    if not set(value) <= set(keys):
        fail("the patch of %s sets what it may not: %s", target, ", ".join(sorted(set(value) - set(keys))))
    if all(key in what and what[key] == value[key] for key in value):
        fail("the patch of %s changes nothing any more", target)
    what.update(value)


def add_type(types, target, value):
    if target in types:
        fail("the patch adds %s, which is there", target)
    types[target] = value


def add_property(types, target, value):
    name, rest = split(target)
    if rest in [each["name"] for each in types[name].get("properties", [])]:
        fail("the patch adds %s, which is there", target)
    types[name].setdefault("properties", []).append(dict(value, name=rest))


def name_component(types, target, value):
    name, rest = split(target)
    nameless = [each for each in types[name]["properties"] if each["multiplicity"] == "component"]
    if len(nameless) != 1:
        fail("the patch of %s wants one nameless component, and there are %d", target, len(nameless))
    nameless[0].clear()
    nameless[0].update(value, name=rest)


def correct_fact(types, target, value):
    name, rest = split(target)
    change(property_of(types[name], rest, target), value, target, PROPERTY_FACTS)


def set_property(types, target, value):
    name, rest = split(target)
    change(property_of(types[name], rest, target), value, target, form.PROPERTY_KEYS)


def add_column(types, target, value):
    name, rest = split(target)
    if rest in [each.get("column") for each in types[name]["properties"]]:
        fail("the patch adds the column %s, which a property has", target)
    types[name].setdefault("columns", []).append(dict({"column": rest}, **value))


def add_unique(types, target, value):
    if "where" in value:
        types[target].setdefault("partialUniques", []).append(value)
    elif value["columns"] in types[target]["uniques"]:
        fail("the patch of %s changes nothing any more", target)
    else:
        types[target]["uniques"].append(value["columns"])


def add_entry(types, target, value):
    types[target]["entries"].insert(0, value)


def set_entries(types, target, value):
    name, rest = split(target)
    if sorted(value) != sorted(entry["value"] for entry in types[name]["entries"]):
        fail("the patch of %s does not fit the entries of %s", target, name)
    for entry in types[name]["entries"]:
        entry[rest] = value[entry["value"]]


# Each kind: what it works on (the facts before the rules, or the record after them), and how.
KINDS = {
    "add-type": ("facts", add_type),
    "add-property": ("facts", add_property),
    "name-component": ("facts", name_component),
    "correct-fact": ("facts", correct_fact),
    "set-property": ("record", set_property),
    "add-column": ("record", add_column),
    "add-unique": ("record", add_unique),
    "add-entry": ("record", add_entry),
    "set-entries": ("record", set_entries),
}


def checked(patches):
    """The patches, if each has the form of one and none is given twice."""
    seen = set()
    for patch in patches:
        if set(patch) != {"kind", "target", "value", "reason"} or patch["kind"] not in KINDS:
            fail("not a patch (kind, target, value, reason; kinds: %s): %s", ", ".join(sorted(KINDS)), patch)
        if not patch["reason"].strip() or not isinstance(patch["value"], dict):
            fail("the patch of %s needs a reason, and an object as its value", patch["target"])
        key = (patch["kind"], patch["target"], form.line(patch["value"]))
        if key in seen:
            fail("a patch is given twice: %s", patch)
        seen.add(key)
    return patches


def apply(patches, stage, types):
    for patch in patches:
        works_on, how = KINDS[patch["kind"]]
        if works_on != stage:
            continue
        if patch["kind"] != "add-type" and split(patch["target"])[0] not in types:
            fail("a patch is for %s, and there is no such type", patch["target"])
        how(types, patch["target"], patch["value"])


# MARK: Rules

def completed(facts):
    """The facts with what `named`, `described` and `annotated` say written out, and the annotation links."""
    types = {}
    for name, fact in facts.items():
        if not set(fact) <= TYPE_FACTS:
            fail("%s has facts that no rule knows: %s", name, ", ".join(sorted(set(fact) - TYPE_FACTS)))
        properties = [dict(each) for each in fact.get("properties", [])]
        for each in properties:
            if not set(each) <= PROPERTY_FACTS or each.get("multiplicity") not in form.MULTIPLICITIES:
                fail("%s has a property that no rule knows: %s", name, each)
        link = name + "AnnotationLink"
        if fact.get("annotated"):
            properties.append({"name": "annotationLinks", "multiplicity": "child", "type": link, "target": "Annotation"})
            types[link] = {"area": fact["area"], "kind": "link", "properties": [
                {"name": "parent", "multiplicity": "from_parent", "type": name},
                {"name": "child", "multiplicity": "to_child", "type": "Annotation"}]}
        if fact.get("named"):
            properties.append({"name": "name", "multiplicity": "required", "type": "text"})
        if fact.get("described"):
            properties.append({"name": "description", "multiplicity": "optional", "type": "text"})
        if fact["kind"] == "enum":
            properties.insert(0, {"name": "value", "multiplicity": "required", "type": "string", "unique": True})
        types[name] = dict(fact, properties=properties)
    for name, one in types.items():
        one["base"] = one.get("base")
        if one["base"] and one["base"] not in types:
            fail("the base %s of %s is not among the types", one["base"], name)
    for name, one in types.items():
        root = form.lineage(types, name)[-1]
        one["global"] = bool(root.get("global")) or root["kind"] == "enum"
        one["immutable"] = bool(root.get("immutable")) or root["kind"] == "enum"
    return types


def column(name):
    found = {"column": name.lower()}
    if name.lower() in QUOTED:
        found["quoted"] = True
    return found


def recorded_property(types, table, fact):
    """What the wire and the database make of one property; inverse sides and indexes come later."""
    name, multiplicity, kind = fact["name"], fact["multiplicity"], fact["type"]
    found = dict(fact, required=multiplicity in form.REQUIRED, wire=["_" + name])
    if multiplicity == "map":
        found["map"] = {"table": table + "_" + name.lower(), "key": table + "_id", "columns": ["name", "value", "index"]}
    elif multiplicity in form.COLLECTIONS or multiplicity in form.LINK_COLLECTIONS:
        found["wire"] = ["_%sSeq" % name, "_%sLoaded" % name]
        if multiplicity in form.LINK_COLLECTIONS:
            found["inverse"] = form.LINK_COLLECTIONS[multiplicity]
            if not types[kind]["global"]:
                found["wire"].append("_%sCountPerOwner" % name)
                found["countView"] = "count_%s_%s_by_owner" % (table, name.lower())
    else:
        found.update(column(name))
        if kind in form.QUANTITIES:
            found.update(unitColumn=name.lower() + "unit", unitType="Units" + kind)
    return found


def strategy(types, name):
    """How a hierarchy is stored: one table with a discriminator, or a table per type that shares the root's key."""
    family = [one for each, one in types.items() if form.lineage(types, each)[-1] is form.lineage(types, name)[-1]]
    if len(family) == 1:
        return None
    if any("discriminator" in one for one in family):
        found = {"kind": "single", "column": "discriminator"}
        if "discriminator" in types[name]:
            found["value"] = types[name]["discriminator"]
        return found
    root = root_name(types, name)
    return {"kind": "joined", "key": "id" if root == name else root.lower() + "_id"}


def root_name(types, name):
    while types[name]["base"]:
        name = types[name]["base"]
    return name


def recorded_type(types, name):
    fact = types[name]
    root = root_name(types, name)
    how = strategy(types, name)
    table = (root if how and how["kind"] == "single" else name).lower()
    found = {"name": name, "kind": fact["kind"], "abstract": bool(fact.get("abstract"))}
    if fact.get("deprecated"):
        found["deprecated"] = True
    found.update({"base": fact["base"], "table": table})
    if how:
        found["strategy"] = how
    found.update({"sequence": "seq_" + root.lower(), "global": fact["global"], "immutable": fact["immutable"],
                  "versioned": not fact["immutable"]})
    properties = [recorded_property(types, table, each) for each in fact["properties"]]
    uniques = [[each["column"]] for each in properties if each.get("unique")]
    if root == name:
        found["details"] = details(fact)
        if not fact["immutable"]:
            properties.insert(0, {"name": "version", "multiplicity": "optional", "type": "int", "required": False,
                                  "column": "version", "wire": ["_version"]})
        uniques.insert(0, ["external_id"])
    if fact["kind"] == "link":
        uniques.append(["parent", "child"] if fact["global"] else ["parent", "child", "owner_id"])
    found.update(uniques=uniques, properties=properties)
    if fact["kind"] == "enum":
        found["entries"] = [{"value": entry} for entry in fact.get("entries", [])]
    return found


def details(fact):
    found = {}
    if not fact["global"]:
        found.update({"owner": "owner_id", "group": "group_id", "creationEvent": "creation_id"})
        if not fact["immutable"]:
            found["updateEvent"] = "update_id"
    found.update({"permissions": "permissions", "externalInfo": "external_id"})
    return found


def join_sides(types):
    """Each collection and the reference behind it name each other, and share the column of the order, if there is one."""
    for name, one in types.items():
        for near in one["properties"]:
            if near["multiplicity"] not in form.COLLECTIONS and near["multiplicity"] not in form.LINK_COLLECTIONS:
                continue
            label = "%s.%s" % (name, near["name"])
            owner = types[near["type"]]
            far = property_of(owner, near["inverse"], label)
            if far["type"] != name:
                fail("%s has the inverse %s.%s, which is a %s", label, owner["name"], far["name"], far["type"])
            if far.setdefault("inverse", near["name"]) != near["name"]:
                fail("%s.%s calls its inverse %s; it is %s", owner["name"], far["name"], far["inverse"], label)
            if near.get("ordered") != far.get("ordered"):
                fail("only one of %s and %s.%s is said to be ordered", label, owner["name"], far["name"])
            if near.get("ordered"):
                index = far["column"] + "_index"
                near["indexColumn"] = far["indexColumn"] = index
                owner["uniques"].append([far["column"], index])


def recorded(facts, patches):
    apply(patches, "facts", facts)
    facts = completed(facts)
    types = {name: recorded_type(facts, name) for name in facts}
    join_sides(types)
    apply(patches, "record", types)
    areas = {}
    for name, one in types.items():
        areas.setdefault(facts[name]["area"], []).append(one)
    return areas


def main():
    parser = argparse.ArgumentParser(prog="record-data-model")
    parser.add_argument("facts", help="the facts of the data model (JSON)")
    parser.add_argument("folder", nargs="?", default=form.folder(), help="where to write; Schema/data-model if left out")
    options = parser.parse_args()
    patches = checked(form.read(os.path.join(form.folder(), form.PATCHES))["patches"])
    texts = {area + ".json": form.render(area, types)
             for area, types in recorded(form.read(options.facts), patches).items()}
    os.makedirs(options.folder, exist_ok=True)
    for name in form.files(options.folder):
        if name not in texts:
            os.remove(os.path.join(options.folder, name))
    for name, text in texts.items():
        with open(os.path.join(options.folder, name), "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
    print("%d files, %d types, %d patches" % (
        len(texts), sum(text.count("\n      \"name\": ") for text in texts.values()), len(patches)), file=sys.stderr)


if __name__ == "__main__":
    main()
