"""BlitzGateway's reading of users, groups and projects, and IQuery itself, unmodified, against the server under test."""

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
from omero.rtypes import rlist, rlong, rstring, unwrap
from omero.sys import ParametersI

from checks import drive, equal, raises
from gateway_life import Server


def parameters(**values):
    found = ParametersI()
    for name, value in values.items():
        found.map[name] = value
    return found


def check_the_own_user(server):
    with server.connected() as gateway:
        user = gateway.getUser()
        equal((user.getName(), user.getId(), user.isAdmin()), ("root", 0, True))
        equal([g.getName() for g in gateway.getGroupsMemberOf()], ["system"])


def check_objects_by_id_and_attribute(server):
    with server.connected() as gateway:
        equal(gateway.getObject("Experimenter", 0).getName(), "root")
        equal(gateway.getObject("Experimenter", attributes={"omeName": "guest"}).getId(), 1)
        equal(gateway.getObject("ExperimenterGroup", 1).getName(), "user")
        equal(gateway.getObject("ExperimenterGroup", attributes={"name": "guest"}).getId(), 2)
        equal(gateway.getObject("Experimenter", 10 ** 9), None)
        equal(gateway.getObject("Project", 10 ** 9), None)
        equal(list(gateway.getObjects("Project", [10 ** 9])), [])
        names = {g.getName() for g in gateway.getObjects("ExperimenterGroup", [0, 1, 2])}
        equal(names, {"system", "user", "guest"})
        equal([g.getId() for g in gateway.getObjects("ExperimenterGroup", [2, 0, 1], respect_order=True)
               if g is not None][:1], [2])


def check_an_object_comes_once_with_its_collections(server):
    with server.connected() as gateway:
        found = list(gateway.getObjects("Experimenter", [0]))
        equal([user.getId() for user in found], [0], "root is in two groups, and one user")
        equal(len(found[0].copyGroupExperimenterMap()), 2)
        text = "select e from Experimenter e join e.groupExperimenterMap m where e.id = 0"
        equal([e.id.val for e in gateway.getQueryService().findAllByQuery(text, None)], [0, 0])


def check_administrators_and_colleagues(server):
    with server.connected() as root:
        admin = root.getAdminService()
        group, group_name = server.new_group(admin)
        number, name = server.new_user(admin, group)
        assert 0 in [user.getId() for user in root.getAdministrators()]
        equal([user.getId() for user in root.containedExperimenters(group)], [number])
        assert group in [g.getId() for g in root.listGroups()]
        other = root.suConn(name)
        equal(other.getEventContext().groupName, group_name)
        equal(other.getUser().getName(), name)
        equal(other.getUser().getFirstName(), "Ada")
        equal(other.getUser().getLastName(), "Löwe 🦁")
        other.close()
        equal([e.getId() for e in root.findExperimenters(name[:8].upper()) if e.getName() == name], [number])
    with server.connected(name, "secret") as gateway:
        equal(gateway.suConn("root"), None)
        equal([g.getName() for g in gateway.getGroupsMemberOf()], [group_name])
        leaders, colleagues = gateway.getObject("ExperimenterGroup", group).groupSummary()
        equal((len(leaders), [c.getId() for c in colleagues]), (0, [number]))


def check_paging_and_order(server):
    with server.connected() as gateway:
        query = gateway.getQueryService()
        text = "select e from PixelsType e order by e.value desc"
        everything = [e.value.val for e in query.findAllByQuery(text, None)]
        equal(everything, sorted(everything, reverse=True))
        page = query.findAllByQuery(text, ParametersI().page(2, 3))
        equal([e.value.val for e in page], everything[2:5])
        equal(unwrap(query.projection("select count(e) from PixelsType e", None)), [[len(everything)]])
        # Where a collection is fetched along, pages are of objects.
        text = "select e from Experimenter e left outer join fetch e.groupExperimenterMap order by e.id"
        equal([e.id.val for e in query.findAllByQuery(text, ParametersI().page(0, 2))], [0, 1])


def check_projections(server):
    with server.connected() as gateway:
        query = gateway.getQueryService()
        rows = query.projection(
            "select g.id, g.name, g.details.permissions, size(g.groupExperimenterMap), null from ExperimenterGroup g "
            "where g.name in (:names) order by lower(g.name)", parameters(names=rlist([rstring("user"), rstring("system")])))
        equal([row[1].val for row in rows], ["system", "user"])
        equal(type(rows[0][0]).__name__, "RLongI")
        equal(unwrap(rows[1][2])["perm"], "rwr-r-")
        equal(type(rows[0][3]).__name__, "RIntI")
        equal(rows[0][4], None)
        row = query.projection(
            "select new map(e.id as id, e.omeName as name, e as e_details_permissions) from Experimenter e "
            "where e.id = :id", parameters(id=rlong(0)))[0]
        found = unwrap(row[0])
        equal((found["id"], found["name"]), (0, "root"))
        assert found["e_details_permissions"]["canEdit"] in (True, False)
        row = query.projection("select e, e.class from Experimenter e where e.id = 0", None)[0]
        equal((row[0].val.omeName.val, row[1].val), ("root", "ome.model.meta.Experimenter"))
        equal(query.projection("select e.id from Experimenter e where e.id in (:ids)", parameters(ids=rlist([]))), [])
        # A null alone is an empty row; among others it is a null.
        equal(unwrap(query.projection("select max(e.id) from Experimenter e where e.id < 0", None)), [[]])
        equal(unwrap(query.projection("select max(e.id), 1 from Experimenter e where e.id < 0", None)), [[None, 1]])
        rows = query.projection("select e.email from Experimenter e where e.id in (0, 1)", None)
        equal([list(row) for row in rows], [[], []])


def check_find_and_get(server):
    with server.connected() as gateway:
        query = gateway.getQueryService()
        for name in ("Experimenter", "ome.model.meta.Experimenter", "ExperimenterI", "omero.model.Experimenter"):
            equal(query.get(name, 0).omeName.val, "root", name)
        equal(query.find("Experimenter", 10 ** 9), None)
        raises(omero.ValidationException, query.get, "Experimenter", 10 ** 9)
        raises(omero.ApiUsageException, query.get, "Nothing", 1)
        equal(query.findByString("Experimenter", "omeName", "guest").id.val, 1)
        equal(query.findByString("Experimenter", "omeName", "GUEST"), None)
        equal([e.id.val for e in query.findAllByString("Experimenter", "omeName", "UES", False, None)], [1])
        equal(query.findAllByString("Experimenter", "omeName", "UES", True, None), [])
        assert len(query.findAll("ExperimenterGroup", None)) >= 3
        equal(query.refresh(omero.model.ExperimenterI(0, False)).omeName.val, "root")
        example = omero.model.ExperimenterI()
        example.omeName, example.ldap = rstring("guest"), omero.rtypes.rbool(False)
        equal(query.findByExample(example).id.val, 1)
        example.ldap = omero.rtypes.rbool(True)
        equal(query.findAllByExample(example, None), [])
        user = query.findByQuery("select e from Experimenter e join fetch e.groupExperimenterMap m "
                                 "join fetch m.parent where e.id = 0 and m.parent.id = 1", None)
        equal([m.parent.name.val for m in user.copyGroupExperimenterMap()], ["user"])
        assert not query.get("Experimenter", 0).isGroupExperimenterMapLoaded()


def check_errors(server):
    with server.connected() as gateway:
        query = gateway.c.sf.getQueryService()
        for text in ("", "select", "select x from", "from Nothing n", "select e.nothing from Experimenter e",
                     "select e from Experimenter e where", "select e from Experimenter e where e.omeName = 'x",
                     "delete from Experimenter", "select e from Experimenter e; drop table experimenter",
                     "select nothing(e) from Experimenter e", "(" * 5000, "select e from Experimenter e where e.id = '"):
            raises(omero.QueryException, query.findAllByQuery, text, None, says="Illegal query:")
        text = "select e from Experimenter e where e.id = :id"
        raises(omero.ApiUsageException, query.findByQuery, text, None, says="Null parameters not allowed: id")
        raises(omero.ApiUsageException, query.findByQuery, text, parameters(id=None), says="Null parameters")
        raises(omero.ApiUsageException, query.findByQuery, "from Experimenter e", None, says="more than one Object")
        raises(omero.ApiUsageException, query.findByQuery, "select e.id from Experimenter e", None)
        hostile = parameters(name=rstring("' or 1=1 --"))
        equal(query.findAllByQuery("from Experimenter e where e.omeName = :name", hostile), [])
        equal(query.projection("select count(e) from Experimenter e where e.id = 0", None)[0][0].val, 1)


def check_private_fields_and_sessions(server):
    with server.connected() as root:
        admin = root.getAdminService()
        group, _ = server.new_group(admin, "rw----")
        number, name = server.new_user(admin, group)
        stranger, stranger_name = server.new_user(admin, server.new_group(admin)[0])
    with server.connected(name, "secret") as gateway:
        query = gateway.c.sf.getQueryService()
        one = parameters(id=rlong(stranger))
        equal(query.get("Experimenter", stranger).omeName.val, "<hidden>")
        text = "select e.omeName, e.email, upper(e.lastName) from Experimenter e where e.id = :id"
        equal(unwrap(query.projection(text, one)), [["<hidden>", None, "<HIDDEN>"]])
        text = "select (select x.omeName from Experimenter x where x.id = e.id) from Experimenter e where e.id = :id"
        equal(unwrap(query.projection(text, one)), [["<hidden>"]])
        own = "select e.omeName from Experimenter e where e.id = :id"
        equal(unwrap(query.projection(own, parameters(id=rlong(number)))), [[name]])
        owners = query.projection("select distinct s.owner.id from Session s", None)
        equal(unwrap(owners), [[number]])
        equal(query.findAllByQuery("from Node n", None), [])
        equal(unwrap(query.projection("select count(*) from Session s join s.node n", None)), [[0]])
        equal(query.findAllByQuery(
            "select s from Session s left join s.owner o where o.id = :id", parameters(id=rlong(0))), [])


if __name__ == "__main__":
    drive(globals(), Server)
