"""Projects for the server in small: enough of IQuery that the gateway's own queries for objects are answered by real
Ice with omero-py's model classes. A query it does not know is refused, as OMERO refuses HQL that it does not understand.
"""

import re

import omero
from omero.model import EventI, ExperimenterGroupI, ExperimenterI, ProjectI
from omero.rtypes import rlong, rstring, rtime

# (number, name, owner, group)
PROJECTS = [
    (101, "Mitose der Hefe", 3, 5), (102, "anaphase, timing", 3, 5), (103, "Zebra fish", 2, 5),
    (104, "private notes", 3, 3), (105, "private of another", 4, 3), (106, "shared 漢字 🔬", 2, 6),
    (107, "foreign", 6, 7),
]

SHAPE = re.compile(r"select (?P<what>obj|count\(distinct obj\.id\)) from Project obj"
                   r"(?: left outer join fetch obj\.details\.\w+)*"
                   r"(?: where (?P<where>.*?))?(?: order by (?P<order>.*))?$")
CLAUSE = re.compile(r"\(?obj\.(?P<path>[\w.]+) (?P<sign>=|>|in) \(?:(?P<name>\w+)\)?\)?$")


class Objects:
    """The operations of IQuery; a service of a session adds `world`, `session` and `enter`."""

    def findAllByQuery(self, query, params, current):
        found = self.found(query, params, "obj", current)
        page = params.theFilter
        if page is not None:
            start = page.offset.val if page.offset else 0
            found = found[start:start + page.limit.val] if page.limit else found[start:]
        return [self.project(*row) for row in found]

    def projection(self, query, params, current):
        return [[rlong(len(self.found(query, params, "count", current)))]]

    def found(self, query, params, what, current):
        user = self.enter(current)
        shape = SHAPE.match(query.strip())
        if shape is None or not shape.group("what").startswith(what):
            raise omero.ApiUsageException("", "ome.conditions.ApiUsageException", "unexpected token: " + query)
        rows = [row for row in PROJECTS if self.may_see(user, row, current)]
        for text in filter(None, (shape.group("where") or "").split(" and ")):
            clause = CLAUSE.match(text)
            if clause is None:
                raise omero.ApiUsageException("", "ome.conditions.ApiUsageException", "unexpected token: " + text)
            column = {"id": 0, "name": 1, "details.owner.id": 2}[clause.group("path")]
            value = params.map[clause.group("name")]
            values = [item.val for item in value.val] if clause.group("sign") == "in" else [value.val]
            rows = [row for row in rows
                    if (row[column] > values[0] if clause.group("sign") == ">" else row[column] in values)]
        by_name = (shape.group("order") or "").startswith("lower(obj.name)")
        return sorted(rows, key=lambda row: (row[1].lower() if by_name else "", row[0]))

    def may_see(self, user, row, current):
        group = self.world.groups[row[3]]
        asked = current.ctx.get("omero.group", "")
        wanted = int(asked) if asked else self.session.group.id
        if wanted >= 0 and wanted != group.id:
            return False
        if self.is_admin(user):
            return True
        if group.id not in user.groups:
            return False
        return row[2] == user.id or group.id in user.leads or group.permissions != "rw----"

    def project(self, number, name, owner, group):
        result = ProjectI(number, True)
        result.name = rstring(name)
        details = result.details
        details.owner = ExperimenterI(owner, True)
        details.owner.omeName = rstring(self.world.users[owner].name)
        details.group = ExperimenterGroupI(group, True)
        details.group.name = rstring(self.world.groups[group].name)
        details.creationEvent = EventI(1, True)
        details.creationEvent.time = rtime(1700000000000)
        details._permissions = omero.model.PermissionsI(self.world.groups[group].permissions)
        # A cycle, as OMERO's graphs have them: the creation's event belongs to the same user.
        details.creationEvent.experimenter = details.owner
        return result
