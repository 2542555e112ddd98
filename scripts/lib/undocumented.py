#!/usr/bin/env python3
"""Lists public declarations without a documentation comment: FILE:LINE: DECLARATION, and fails if there are any.

undocumented.py [FOLDER...]      all of Sources by default; folders called Generated are left out.
undocumented.py --graphs FOLDER  reads the symbol graphs there in place of sources: every symbol, also what is
                                 generated, and what inherits its words from a protocol; initialisers are left out.

Without --graphs it needs no build: it reads the sources, whose formatting swift-format keeps. Left out are what a protocol asks for and
explains (of the standard library: description, ==, hash, ...; of this package: found by kind, name and first label),
and initialisers that only set what is documented by itself.
"""
import json
import pathlib
import re
import sys

# What other modules' protocols ask for.
REQUIREMENTS = {
    "description", "debugDescription", "customMirror", "hash", "==", "<", "rawValue", "allCases", "id", "encode",
    "makeAsyncIterator", "AsyncIterator", "Element", "next", "validate", "run", "configuration", "unownedExecutor",
}
DECLARATION = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+)*public\s+(?!import\b)(?:(?:static|final|mutating|nonisolated|indirect|override|"
    r"consuming|borrowing|prefix|infix|convenience|required|private\(set\)|internal\(set\)|package\(set\)|class(?=\s+(?:func|var)))\s+)*"
    r"(?P<kind>func|var|let|struct|enum|class|actor|protocol|init|typealias|subscript|macro)\b\s*"
    r"(?P<name>[<=!~]+|[^\s(<:={]*)")
OPENING = re.compile(
    r"^(?:@\w+(?:\([^)]*\))?\s+)*(?P<public>public\s+)?(?:final\s+|indirect\s+)*"
    r"(?P<kind>enum|protocol|struct|class|actor|extension)\s+(?P<name>[\w.]+)(?P<rest>.*)$")
MEMBER = re.compile(
    r"^(?:(?:static|mutating|nonisolated)\s+)*(?P<kind>func|var|init|associatedtype|subscript)\b\s*(?P<name>[\w`=<]*)")
LABEL = re.compile(r"\b(func|var|init)\??\b\s*([\w`<=]*)(?:<[^>]*>)?\??\s*(?:\(\s*(\w+))?")


def signature(code):
    """Kind, name and first label: what tells one requirement of a protocol from another."""
    found = LABEL.search(code)
    return found.groups(default="") if found and not code.startswith("//") else None


def requirements(paths):
    """The signatures of what the protocols in these files ask for."""
    found = set()
    for path in paths:
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            if re.match(r"(public |package )?protocol ", line):
                inside = not line.rstrip().endswith("}")
            elif line.startswith("}"):
                inside = False
            elif inside and (member := signature(line.strip())):
                found.add(member)
    return found


def documented(lines, number):
    """Whether a comment stands before that line, attributes between them left aside."""
    number -= 1
    while number >= 0 and re.match(r"^\s*(@\w|#if|#else|#endif)", lines[number]):
        number -= 1
    return number >= 0 and lines[number].lstrip().startswith("///")


def undocumented(path, asked_for):
    lines = path.read_text(encoding="utf-8").splitlines()
    scopes = []  # (indent, kind, whether public)
    text_end = None
    for number, line in enumerate(lines):
        # Texts over several lines are no code.
        if line.count('"""') % 2 == 1:
            text_end = None if text_end else True
            continue
        if text_end or not line.strip() or line.lstrip().startswith("//"):
            continue
        indent = len(line) - len(line.lstrip())
        while scopes and indent <= scopes[-1][0]:
            scopes.pop()
        code = line.strip()
        inner = scopes[-1] if scopes else None
        found = DECLARATION.match(code)
        name = None
        if found:
            name = found["name"] or found["kind"]
        elif inner and inner[2] and inner[1] == "protocol" and indent == inner[0] + 4:
            member = MEMBER.match(code)
            name = (member["name"] or member["kind"]) if member else None
        elif inner and inner[2] and inner[1] == "enum" and indent == inner[0] + 4 and code.startswith("case "):
            name = code[5:]
        known = name in REQUIREMENTS or (found and signature(code) in asked_for)
        if name and not known and not documented(lines, number):
            plain = found and found["kind"] == "init" and sets_only(lines, number)
            if not plain:
                yield number + 1, code
        opening = OPENING.match(code)
        if opening and (code.endswith("{") or "{" not in code):
            scopes.append((indent, opening["kind"], bool(opening["public"])))


def sets_only(lines, number):
    """Whether an initialiser only puts its parameters into properties, which have documentation of their own."""
    indent = len(lines[number]) - len(lines[number].lstrip())
    if re.search(r"\{.*\}\s*$", lines[number]):
        return lines[number].rstrip().endswith("{}") or re.search(r"\{ (self\.)?\w+ = .*\}$", lines[number].rstrip())
    body = []
    for line in lines[number + 1:]:
        if line.strip() == "}" and len(line) - len(line.lstrip()) == indent:
            break
        body.append(line.strip())
    while body and not body[0].startswith(("self.", "super.")) and not re.match(r"^\w+ = ", body[0]):
        body.pop(0)  # parameters that stand on lines of their own
    return all(re.match(r"^(self\.)?\w+ = ", line) for line in body) and bool(body)


def in_graphs(folder):
    for path in sorted(folder.rglob("*.symbols.json")):
        for symbol in json.loads(path.read_text(encoding="utf-8"))["symbols"]:
            if symbol["kind"]["identifier"] != "swift.init" and not symbol.get("docComment", {}).get("lines"):
                place = symbol.get("location", {})
                line = place.get("position", {}).get("line", 0) + 1
                yield f"{place.get('uri', path.name)}:{line}: {'.'.join(symbol['pathComponents'])}"


def main():
    if sys.argv[1:2] == ["--graphs"]:
        found = list(in_graphs(pathlib.Path(sys.argv[2])))
        print("\n".join(found + [f"{len(found)} public symbols without documentation"]), file=sys.stderr)
        sys.exit(1 if found else 0)
    root = pathlib.Path(__file__).resolve().parent.parent.parent
    folders = [pathlib.Path(name) for name in sys.argv[1:]] or [root / "Sources"]
    asked_for = requirements((root / "Sources").rglob("*.swift"))
    count = 0
    for folder in folders:
        for path in sorted(folder.rglob("*.swift")):
            if "Generated" in path.parts:
                continue
            for number, code in undocumented(path, asked_for):
                count += 1
                print(f"{path.relative_to(root) if path.is_relative_to(root) else path}:{number}: {code}")
    print(f"{count} public declarations without documentation", file=sys.stderr)
    sys.exit(1 if count else 0)


if __name__ == "__main__":
    main()
