"""IUpdate as unmodified BlitzGateway and omero.client use it, against the server under test."""

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.gateway
from omero.model import (
    CommentAnnotationI, DatasetI, DatasetImageLinkI, ExperimenterI, ExperimenterGroupI, FileAnnotationI, ImageI,
    ImageAnnotationLinkI, LongAnnotationI, MapAnnotationI, NamedValue, OriginalFileI, PermissionsI, PixelsI,
    PixelsTypeI, DimensionOrderI, ChannelI, LogicalChannelI, ProjectI, ProjectAnnotationLinkI, ProjectDatasetLinkI,
    RoiI, PointI, RectangleI, LengthI, TagAnnotationI, ExternalInfoI, SessionI, GroupExperimenterMapI, EventI)
from omero.model.enums import UnitsLength
from omero.rtypes import rdouble, rint, rlong, rstring, rtime, unwrap, rbool
from omero.sys import ParametersI

from checks import drive, equal, raises
from gateway_life import Server


class Lab:
    """A user in a new group, with a gateway."""

    def __init__(self, server, permissions="rwra--"):
        self.server = server
        with server.connected() as root:
            admin = root.getAdminService()
            self.group, self.group_name = server.new_group(admin, permissions)
            self.user, self.name = server.new_user(admin, self.group)

    def another(self, *others):
        with self.server.connected() as root:
            return self.server.new_user(root.getAdminService(), self.group, others=(1,) + others)

    def connected(self, name=None):
        return self.server.connected(name or self.name, "secret")


def project(name, description=None):
    made = ProjectI()
    made.name = rstring(name)
    if description is not None:
        made.description = rstring(description)
    return made


def named(kind, name):
    made = kind()
    made.name = rstring(name)
    return made


def link(kind, parent, child):
    made = kind()
    made.parent, made.child = parent, child
    return made


def count(gateway, kind, condition="1 = 1"):
    text = "select count(x) from %s x where %s" % (kind, condition)
    return gateway.getQueryService().projection(text, None)[0][0].val


def check_a_new_project(server):
    lab = Lab(server)
    with lab.connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        saved = update.saveAndReturnObject(project("Première ☃", "line 1\nline 2"))
        assert saved.id.val > 0 and saved.loaded
        equal((saved.name.val, saved.description.val, saved.version.val), ("Première ☃", "line 1\nline 2", 0))
        details = saved.details
        equal((details.owner.id.val, details.group.id.val), (lab.user, lab.group))
        equal(details.creationEvent.id.val, details.updateEvent.id.val)
        equal(str(details.permissions), "rwra--")
        assert details.permissions.canEdit() and details.permissions.canDelete() and not details.permissions.canChown()
        found = gateway.getObject("Project", saved.id.val)
        equal((found.getName(), found.getOwnerOmeName(), found.getDetails().getGroup().getId()),
              ("Première ☃", lab.name, lab.group))
        assert abs(found.creationEventDate().timestamp() * 1000 - details.creationEvent.time.val) < 1000
        equal([p.getId() for p in gateway.getObjects("Project", attributes={"name": "Première ☃"})], [saved.id.val])


def check_a_group_comes_with_what_is_in_it(server):
    """Nobody fetches it; OMERO.figure and many scripts take `details.group.name` all the same."""
    lab = Lab(server)
    with lab.connected() as gateway:
        saved = gateway.c.sf.getUpdateService().saveAndReturnObject(project("in a group"))
        name = gateway.getGroupFromContext().getName()
        query = gateway.getQueryService()
        for group in (str(lab.group), "-1"):
            context = {"omero.group": group}
            found = [saved, query.get("Project", saved.id.val, context),
                     query.findAllByQuery("from Project p where p.id = %d" % saved.id.val, None, context)[0]]
            for each in found:
                equal((each.details.group.loaded, each.details.group.name.val), (True, name))
                equal(each.details.group.groupExperimenterMapLoaded, False)
        equal(gateway.getObject("Project", saved.id.val).getDetails().group.name.val, name)
        # Sent back it is no change of the group.
        found[0].details.group.name = rstring("renamed")
        gateway.c.sf.getUpdateService().saveObject(found[0])
        equal(gateway.c.sf.getAdminService().getGroup(lab.group).name.val, name)


def check_renaming_counts_versions(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        first = update.saveAndReturnObject(project("one"))
        first.name = rstring("two")
        second = update.saveAndReturnObject(first)
        equal((second.id.val, second.name.val, second.version.val), (first.id.val, "two", 1))
        equal(second.details.creationEvent.id.val, first.details.creationEvent.id.val)
        assert second.details.updateEvent.id.val > first.details.updateEvent.id.val
        same = update.saveAndReturnObject(second)
        equal(same.version.val, 1, "nothing was changed")
        first.name = rstring("three")
        raises(omero.OptimisticLockException, update.saveObject, first)
        stale = gateway.getQueryService().get("Project", first.id.val)
        stale.version = rint(0)
        stale.name = rstring("three")
        raises(omero.OptimisticLockException, update.saveObject, stale)
        equal(gateway.getObject("Project", first.id.val).getName(), "two")
        fresh = gateway.getQueryService().get("Project", first.id.val)
        fresh.description = rstring("now")
        equal(update.saveAndReturnObject(fresh).version.val, 2)
        fresh = gateway.getQueryService().get("Project", first.id.val)
        fresh.description = None
        equal(update.saveAndReturnObject(fresh).description, None)
        log = gateway.getQueryService().projection(
            "select l.action from EventLog l where l.entityId = :id and l.entityType = 'ome.model.containers.Project' "
            "order by l.id", ParametersI().addId(first.id.val))
        equal(unwrap(log), [["INSERT"], ["UPDATE"], ["UPDATE"], ["UPDATE"]])


def check_links_with_loaded_and_unloaded_ends(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        parent = update.saveAndReturnObject(project("parent"))
        children = update.saveAndReturnArray([named(DatasetI, "a"), named(DatasetI, "b"), named(DatasetI, "c")])
        equal([d.name.val for d in children], ["a", "b", "c"])
        one = update.saveAndReturnObject(link(
            ProjectDatasetLinkI, ProjectI(parent.id.val, False), DatasetI(children[0].id.val, False)))
        assert not one.parent.loaded and not one.child.loaded
        equal((one.parent.id.val, one.child.id.val), (parent.id.val, children[0].id.val))
        # Loaded, but without its links: it would take the first one out of them.
        parent.unloadDatasetLinks()
        two = update.saveAndReturnObject(link(ProjectDatasetLinkI, parent, children[1]))
        equal((two.parent.name.val, two.child.name.val), ("parent", "b"))
        three = update.saveAndReturnObject(link(ProjectDatasetLinkI, ProjectI(parent.id.val, False), children[2]))
        assert three.child.loaded and not three.parent.loaded
        new = update.saveAndReturnObject(link(ProjectDatasetLinkI, project("new"), named(DatasetI, "new too")))
        assert new.parent.id.val > 0 and new.child.id.val > 0 and new.id.val > 0
        found = gateway.getObject("Project", parent.id.val)
        equal(sorted(d.getName() for d in found.listChildren()), ["a", "b", "c"])
        equal([p.getId() for p in gateway.getObject("Dataset", children[0].id.val).listParents()], [parent.id.val])
        raises(omero.ValidationException, update.saveObject, link(
            ProjectDatasetLinkI, ProjectI(parent.id.val, False), DatasetI(children[0].id.val, False)))
        for wrong in (link(ProjectDatasetLinkI, ProjectI(10 ** 9, False), DatasetI(children[0].id.val, False)),
                      link(ProjectDatasetLinkI, ProjectI(parent.id.val, False), None),
                      link(ProjectDatasetLinkI, ProjectI(), named(DatasetI, "x"))):
            before = count(gateway, "Dataset")
            raises(omero.ValidationException, update.saveObject, wrong)
            equal(count(gateway, "Dataset"), before, "what fails leaves nothing behind")


def check_links_through_collections(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        made = project("p")
        made.linkDataset(named(DatasetI, "d1"))
        made.linkDataset(named(DatasetI, "d2"))
        saved = update.saveAndReturnObject(made)
        equal(sorted(d.name.val for d in saved.linkedDatasetList()), ["d1", "d2"])
        saved.linkDataset(named(DatasetI, "d3"))
        saved = update.saveAndReturnObject(saved)
        equal(sorted(d.name.val for d in saved.linkedDatasetList()), ["d1", "d2", "d3"])
        equal(saved.version.val, 0, "the project itself did not change")
        equal(count(gateway, "ProjectDatasetLink", "x.parent.id = %d" % saved.id.val), 3)
        saved.unloadDatasetLinks()
        saved.name = rstring("q")
        again = update.saveAndReturnObject(saved)
        assert not again.isDatasetLinksLoaded()
        equal(gateway.getObject("Project", saved.id.val).countChildren(), 3)


def check_what_is_missing_in_loaded_collections_goes(server):
    lab = Lab(server, "rwra--")
    _, other = lab.another()
    with lab.connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        made = project("p")
        for name in ("d1", "d2", "d3"):
            made.linkDataset(named(DatasetI, name))
        saved = update.saveAndReturnObject(made)
        saved.unlinkDataset(saved.linkedDatasetList()[0])
        saved = update.saveAndReturnObject(saved)
        equal(sorted(d.name.val for d in saved.linkedDatasetList()), ["d2", "d3"])
        equal(count(gateway, "ProjectDatasetLink", "x.parent.id = %d" % saved.id.val), 2)
        equal(count(gateway, "Dataset", "x.name = 'd1' and x.details.owner.id = %d" % lab.user), 1)
        # A link that is saved by itself does not bring its parent's other links along.
        saved.unloadDatasetLinks()
        update.saveObject(link(ProjectDatasetLinkI, saved, named(DatasetI, "d4")))
        equal(count(gateway, "ProjectDatasetLink", "x.parent.id = %d" % saved.id.val), 3)
        query = gateway.getQueryService()
        fetched = query.findByQuery("select p from Project p join fetch p.datasetLinks where p.id = %d"
                                    % saved.id.val, None)
        fetched.clearDatasetLinks()
        fetched.name = rstring("alone")
        update.saveObject(fetched)
        equal(count(gateway, "ProjectDatasetLink", "x.parent.id = %d" % saved.id.val), 0)
    with lab.connected(other) as gateway:
        note = CommentAnnotationI()
        note.textValue = rstring("a colleague's")
        gateway.c.sf.getUpdateService().saveObject(
            link(ProjectAnnotationLinkI, ProjectI(saved.id.val, False), note))
    with lab.connected() as gateway:
        update, query = gateway.c.sf.getUpdateService(), gateway.getQueryService()
        fetched = query.findByQuery("select p from Project p join fetch p.annotationLinks where p.id = %d"
                                    % saved.id.val, None)
        fetched.clearAnnotationLinks()
        raises(omero.SecurityViolation, update.saveObject, fetched)
        equal(count(gateway, "ProjectAnnotationLink", "x.parent.id = %d" % saved.id.val), 1)


def check_deleting_takes_links_and_elements_along(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        image, roi, point, note = named(ImageI, "with a roi"), RoiI(), PointI(), CommentAnnotationI()
        image.linkAnnotation(note)
        image.linkDataset(named(DatasetI, "of it"))
        point.x, point.y = rdouble(1), rdouble(2)
        point.linkAnnotation(note)
        roi.addShape(point)
        roi.image = image
        saved = update.saveAndReturnObject(roi)
        raises(omero.ValidationException, update.deleteObject, saved.image)
        update.deleteObject(saved)
        equal(count(gateway, "Shape", "x.id = %d" % saved.getShape(0).id.val), 0)
        equal(count(gateway, "ShapeAnnotationLink", "x.parent.id = %d" % saved.getShape(0).id.val), 0)
        update.deleteObject(saved.image)
        equal(count(gateway, "ImageAnnotationLink", "x.parent.id = %d" % saved.image.id.val), 0)
        equal(count(gateway, "DatasetImageLink", "x.child.id = %d" % saved.image.id.val), 0)
        equal(count(gateway, "Dataset", "x.name = 'of it'"), 1)


def check_annotations(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        image = update.saveAndReturnObject(image_with_pixels("annotated"))
        target = ImageI(image.id.val, False)
        tag = TagAnnotationI()
        tag.textValue, tag.ns = rstring("mitosis"), rstring("example.org/tags")
        saved = update.saveAndReturnObject(link(ImageAnnotationLinkI, target, tag))
        assert isinstance(saved.child, TagAnnotationI) and saved.child.id.val > 0
        again = TagAnnotationI()
        again.textValue, again.ns = rstring("another"), rstring("example.org/tags")
        update.saveObject(again)
        equal(count(gateway, "Namespace", "x.name = 'example.org/tags'"), 1, "each namespace has a row")
        comment = CommentAnnotationI()
        comment.textValue = rstring("Schön! 👍")
        update.saveObject(link(ImageAnnotationLinkI, target, comment))
        pairs = MapAnnotationI()
        pairs.mapValue = [NamedValue("Gene", "CDC20"), NamedValue("Gene", "β-actin"), NamedValue("", "")]
        linked = update.saveAndReturnObject(link(ImageAnnotationLinkI, target, pairs))
        equal([(p.name, p.value) for p in linked.child.mapValue], [("Gene", "CDC20"), ("Gene", "β-actin"), ("", "")])
        again = gateway.getQueryService().get("MapAnnotation", linked.child.id.val)
        again.mapValue = [NamedValue("only", "one")]
        changed = update.saveAndReturnObject(again)
        equal(([(p.name, p.value) for p in changed.mapValue], changed.version.val), ([("only", "one")], 1))
        found = gateway.getObject("Image", image.id.val)
        equal(sorted(type(a).__name__ for a in found.listAnnotations()),
              ["CommentAnnotationWrapper", "MapAnnotationWrapper", "TagAnnotationWrapper"])
        equal(found.getAnnotation("example.org/tags").getValue(), "mitosis")


def image_with_pixels(name, channels=2):
    image = named(ImageI, name)
    image.acquisitionDate = rtime(1577880000123)
    pixels = PixelsI()
    pixels.sizeX, pixels.sizeY, pixels.sizeZ, pixels.sizeC, pixels.sizeT = (rint(n) for n in (64, 48, 1, channels, 1))
    pixels.sha1 = rstring("Pending...")
    pixels.pixelsType, pixels.dimensionOrder = PixelsTypeI(), DimensionOrderI()
    pixels.pixelsType.value, pixels.dimensionOrder.value = rstring("uint16"), rstring("XYZCT")
    pixels.physicalSizeX = LengthI(0.25, UnitsLength.MICROMETER)
    for number in range(channels):
        channel = ChannelI()
        channel.logicalChannel = LogicalChannelI()
        channel.logicalChannel.name = rstring("channel %d" % number)
        pixels.addChannel(channel)
    image.addPixels(pixels)
    return image


def check_an_image_with_pixels_and_channels(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        saved = update.saveAndReturnObject(image_with_pixels("cells", 3))
        pixels = saved.getPrimaryPixels()
        equal((pixels.sizeX.val, pixels.physicalSizeX.getValue(), pixels.pixelsType.value.val), (64, 0.25, "uint16"))
        equal([c.logicalChannel.name.val for c in pixels.copyChannels()], ["channel 0", "channel 1", "channel 2"])
        found = gateway.getObject("Image", saved.id.val)
        equal((found.getSizeC(), found.getPixelsType(), found.getPixelSizeX()), (3, "uint16", 0.25))
        equal([c.getLabel() for c in found.getChannels(noRE=True)], ["channel 0", "channel 1", "channel 2"])
        types = gateway.getQueryService().projection("select count(t) from PixelsType t where t.value = 'uint16'", None)
        equal(unwrap(types), [[1]], "enumerations are looked up")
        stored = gateway.getQueryService().findByQuery(
            "select p from Pixels p join fetch p.channels where p.id = %d" % pixels.id.val, None)
        order = stored.copyChannels()
        stored.clearChannels()
        for channel in (order[2], order[0], order[1]):
            stored.addChannel(channel)
        update.saveObject(stored)
        labels = [c.getLabel() for c in gateway.getObject("Image", saved.id.val).getChannels(noRE=True)]
        equal(labels, ["channel 2", "channel 0", "channel 1"])
        unknown = image_with_pixels("never")
        unknown.getPrimaryPixels().dimensionOrder.value = rstring("no such order")
        before = count(gateway, "Image")
        raises(omero.SecurityViolation, update.saveObject, unknown)
        equal(count(gateway, "Image"), before)


def check_rois_and_shapes(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        image = update.saveAndReturnObject(named(ImageI, "with rois"))
        roi = RoiI()
        roi.image = ImageI(image.id.val, False)
        point, box = PointI(), RectangleI()
        point.x, point.y, point.textValue = rdouble(1.5), rdouble(2.5), rstring("here")
        box.x, box.y, box.width, box.height = (rdouble(v) for v in (0, 1, 2, 3))
        box.strokeWidth = LengthI(2.0, UnitsLength.PIXEL)
        roi.addShape(point)
        roi.addShape(box)
        saved = update.saveAndReturnObject(roi)
        equal([type(s).__name__ for s in saved.copyShapes()], ["PointI", "RectangleI"])
        equal(saved.getShape(1).strokeWidth.getUnit(), UnitsLength.PIXEL)
        third = PointI()
        third.x, third.y = rdouble(0), rdouble(0)
        saved.addShape(third)
        saved.getShape(0).x = rdouble(9.5)
        again = update.saveAndReturnObject(saved)
        equal(([s.version.val for s in again.copyShapes()], again.getShape(0).x.val), ([1, 0, 0], 9.5))
        found = gateway.getQueryService().findByQuery(
            "select r from Roi r join fetch r.shapes where r.image.id = %d" % image.id.val, None)
        equal(found.sizeOfShapes(), 3)
        # As scripts take a shape out of a region.
        found = gateway.getRoiService().findByImage(image.id.val, None).rois[0]
        found.removeShape(found.getShape(1))
        changed = update.saveAndReturnObject(found)
        equal([type(s).__name__ for s in changed.copyShapes()], ["PointI", "PointI"])
        found = gateway.getRoiService().findByImage(image.id.val, None).rois[0]
        equal([s.id.val for s in found.copyShapes()], [again.getShape(n).id.val for n in (0, 2)])


def check_transforms_of_shapes_and_folders_come_along(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        image = update.saveAndReturnObject(named(ImageI, "turned"))
        roi, box, turn = RoiI(), RectangleI(), omero.model.AffineTransformI()
        roi.image = ImageI(image.id.val, False)
        turn.a00, turn.a10, turn.a01, turn.a11, turn.a02, turn.a12 = (rdouble(v) for v in (0, 1, -1, 0, 5.5, 6))
        box.x, box.y, box.width, box.height = (rdouble(v) for v in (0, 1, 2, 3))
        box.transform = turn
        roi.addShape(box)
        roi.linkFolder(named(omero.model.FolderI, "a folder"))
        saved = update.saveAndReturnObject(roi)
        service = gateway.getRoiService()
        for found in (service.findByImage(image.id.val, None), service.findByRoi(saved.id.val, None)):
            equal(found.rois[0].getShape(0).transform.a02.val, 5.5)
        found = service.findByImage(image.id.val, None).rois[0]
        equal([f.name.val for f in found.linkedFolderList()], ["a folder"])
        shape = next(iter(gateway.getObjects("Shape", [saved.getShape(0).id.val])))
        equal(shape.transform.a12.val, 6)


def check_the_gateway_saves_links_and_deletes(server):
    lab = Lab(server)
    with lab.connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        wrapper = omero.gateway.ProjectWrapper(gateway, project("wrapped"))
        wrapper.save()
        wrapper.setName("renamed")
        wrapper.setDescription("by the gateway")
        wrapper.save()
        found = gateway.getObject("Project", wrapper.getId())
        equal((found.getName(), found.getDescription()), ("renamed", "by the gateway"))
        tag = omero.gateway.TagAnnotationWrapper(gateway)
        tag.setValue("a tag")
        tag.save()
        found.linkAnnotation(tag)
        note = omero.gateway.MapAnnotationWrapper(gateway)
        note.setNs(omero.constants.metadata.NSCLIENTMAPANNOTATION)
        note.setValue([["key", "value"], ["key", "other"]])
        note.save()
        found.linkAnnotation(note)
        found = gateway.getObject("Project", wrapper.getId())
        equal(sorted(str(a.getValue()) for a in found.listAnnotations()),
              ["[('key', 'value'), ('key', 'other')]", "a tag"])
        equal(found.getAnnotationCounts()["TagAnnotation"], 1)
        rating = omero.gateway.LongAnnotationWrapper(gateway)
        rating.setNs("openmicroscopy.org/omero/insight/rating")
        rating.setValue(4)
        found.linkAnnotation(rating, sameOwner=True)
        links = list(gateway.getAnnotationLinks("Project", parent_ids=[found.getId()]))
        equal(len(links), 3)
        raises(omero.ValidationException, update.deleteObject, note._obj)
        update.deleteObject(links[0]._obj)
        update.deleteObject(found._obj)
        equal(list(gateway.getAnnotationLinks("Project", parent_ids=[wrapper.getId()])), [])
        equal(gateway.getObject("Project", wrapper.getId()), None)
        equal(gateway.getObject("TagAnnotation", tag.getId()).getValue(), "a tag")
        update.deleteObject(note._obj)
        raises(omero.ValidationException, update.deleteObject, note._obj)
        wrapper = omero.gateway.ProjectWrapper(gateway, project("to go"))
        wrapper.save()
        wrapper.linkAnnotation(tag)
        gateway.deleteObjectDirect(wrapper._obj)
        equal(gateway.getObject("Project", wrapper.getId()), None)


def check_saving_many(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        ids = update.saveAndReturnIds([project("p%d" % n) for n in range(200)])
        equal((len(set(ids)), ids), (200, sorted(ids)))
        names = gateway.getQueryService().projection(
            "select p.name from Project p where p.id in (:ids) order by p.id", ParametersI().addIds(ids))
        equal([row[0].val for row in names], ["p%d" % n for n in range(200)])
        equal(update.saveAndReturnIds([]), [])
        equal(update.saveAndReturnArray([]), [])
        raises(omero.ApiUsageException, update.saveAndReturnIds, [gateway.getQueryService().get("Project", ids[0])],
               says="INSERTs only")
        update.saveArray([project("array")])
        update.saveCollection([project("collection"), named(DatasetI, "too")])
        equal(count(gateway, "Project", "x.name in ('array', 'collection')"), 2)
        bad = [project("good %d" % ids[0]), ProjectI()]
        for call in (update.saveArray, update.saveCollection, update.saveAndReturnArray, update.saveAndReturnIds):
            raises(omero.ValidationException, call, bad)
        equal(count(gateway, "Project", "x.name like 'good %'"), 0)
        for call in (update.saveObject, update.saveAndReturnObject):
            raises(omero.ApiUsageException, call, None)
        raises(omero.ApiUsageException, update.saveArray, [None])
        raises(omero.ApiUsageException, update.deleteObject, ProjectI())
        update.deleteObject(None)
        raises(omero.SecurityViolation, update.indexObject, ProjectI(ids[0], False))
    with server.connected() as root:
        raises(omero.InternalException, root.c.sf.getUpdateService().indexObject, ProjectI(ids[0], False),
               says="not supported")


def check_details_are_the_servers(server):
    lab = Lab(server)
    other, other_name = lab.another()
    with lab.connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        saved = update.saveAndReturnObject(project("mine"))
        mine = project("for another")
        mine.details.owner = ExperimenterI(other, False)
        raises(omero.SecurityViolation, update.saveObject, mine)
        mine = project("elsewhere")
        mine.details.group = ExperimenterGroupI(0, False)
        raises(omero.SecurityViolation, update.saveObject, mine)
        mine.details.group = ExperimenterGroupI(10 ** 9, False)
        raises(omero.ValidationException, update.saveObject, mine)
        mine = project("too open")
        mine.details.permissions = PermissionsI("rwrwrw")
        raises(omero.GroupSecurityViolation, update.saveObject, mine)
        for change in ("owner", "group", "event"):
            again = gateway.getQueryService().get("Project", saved.id.val)
            if change == "owner":
                again.details.owner = ExperimenterI(other, False)
            elif change == "group":
                again.details.group = ExperimenterGroupI(1, False)
            else:
                again.details.creationEvent = EventI(0, False)
            raises(omero.SecurityViolation, update.saveObject, again)
        again = gateway.getQueryService().get("Project", saved.id.val)
        again.details.updateEvent = EventI(0, False)
        again.name = rstring("x")
        raises(omero.OptimisticLockException, update.saveObject, again)
        bare = ProjectI(saved.id.val, True)
        bare.name = rstring("without details")
        equal(update.saveAndReturnObject(bare).name.val, "without details")
        info = ExternalInfoI()
        info.entityId, info.entityType, info.lsid = rlong(5), rstring("foreign"), rstring("urn:lsid:example.org:x:5")
        with_info = project("with info")
        with_info.details.externalInfo = info
        made = update.saveAndReturnObject(with_info)
        equal(made.details.externalInfo.lsid.val, "urn:lsid:example.org:x:5")
        equal(gateway.getObject("Project", made.id.val).getDetails().externalInfo.lsid.val, "urn:lsid:example.org:x:5")
    with server.connected() as root:
        update = root.c.sf.getUpdateService()
        theirs = project("made by root")
        theirs.details.owner = ExperimenterI(other, False)
        made = update.saveAndReturnObject(theirs, {"omero.group": str(lab.group)})
        equal((made.details.owner.id.val, made.details.group.id.val), (other, lab.group))
        made = update.saveAndReturnObject(project("for a user"), {"omero.group": str(lab.group), "omero.user": str(other)})
        equal(made.details.owner.id.val, other)


def check_groups_and_permissions(server):
    lab = Lab(server, "rwr---")
    other, other_name = lab.another()
    with server.connected() as root:
        second, _ = server.new_group(root.getAdminService(), "rwrw--")
        root.getAdminService().addGroups(ExperimenterI(lab.user, False), [ExperimenterGroupI(second, False)])
    with lab.connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        here = update.saveAndReturnObject(project("here"))
        there = update.saveAndReturnObject(named(DatasetI, "there"), {"omero.group": str(second)})
        equal(there.details.group.id.val, second)
        mixed = link(ProjectDatasetLinkI, ProjectI(here.id.val, False), DatasetI(there.id.val, False))
        raises(omero.GroupSecurityViolation, update.saveObject, mixed, says="MIXED GROUP")
        try:
            update.saveObject(mixed, {"omero.group": "-1"})
            raise AssertionError("linked across groups")
        except omero.GroupSecurityViolation as error:
            assert "MIXED GROUP" in error.message
        there.name = rstring("moved")
        raises(omero.SecurityViolation, update.saveObject, there, says="Currently logged into group")
        equal(update.saveAndReturnObject(there, {"omero.group": "-1"}).name.val, "moved")
        child = named(DatasetI, "found its group")
        made = update.saveAndReturnObject(
            link(ProjectDatasetLinkI, ProjectI(here.id.val, False), DatasetI(
                update.saveAndReturnObject(child).id.val, False)), {"omero.group": "-1"})
        equal(made.details.group.id.val, lab.group)
        try:
            update.saveObject(project("nowhere"), {"omero.group": "-1"})
            raise AssertionError("saved without a group")
        except omero.ApiUsageException:
            pass
    with lab.connected(other_name) as gateway:
        update = gateway.c.sf.getUpdateService()
        query = gateway.getQueryService()
        theirs = query.get("Project", here.id.val)
        theirs.name = rstring("taken over")
        raises(omero.SecurityViolation, update.saveObject, theirs, says="not allowed")
        raises(omero.SecurityViolation, update.deleteObject, theirs)
        raises(omero.SecurityViolation, update.saveObject, link(
            ProjectDatasetLinkI, ProjectI(here.id.val, False), named(DatasetI, "mine")), says="Cannot link")
        comment = CommentAnnotationI()
        raises(omero.SecurityViolation, update.saveObject, link(
            ProjectAnnotationLinkI, ProjectI(here.id.val, False), comment), says="Cannot link")
        equal(count(gateway, "CommentAnnotation"), 0)
        raises(omero.SecurityViolation, update.saveObject, DatasetI(there.id.val, False))
        raises(omero.SecurityViolation, update.saveObject, link(
            ProjectDatasetLinkI, project("p"), DatasetI(there.id.val, False)))


def check_new_entries_of_enumerations(server):
    with server.connected() as root:
        update = root.c.sf.getUpdateService()
        value = server.unique("format")
        images = []
        for number in range(3):
            image = named(ImageI, "image %d" % number)
            image.format = omero.model.FormatI()
            image.format.value = rstring(value)
            images.append(image)
        saved = update.saveAndReturnArray(images)
        equal(len({image.format.id.val for image in saved}), 1)
        equal(saved[2].format.value.val, value)
        equal(count(root, "Format", "x.value = '%s'" % value), 1)


def check_all_groups(server):
    lab = Lab(server)
    other, other_name = lab.another()
    with lab.connected() as gateway:
        mine = gateway.c.sf.getUpdateService().saveAndReturnObject(project("mine"))
    with lab.connected(other_name) as gateway:
        gateway.SERVICE_OPTS.setOmeroGroup("-1")
        found = gateway.getObject("Project", mine.id.val)
        assert found.canAnnotate() and not found.canEdit() and not found.canLink()
        note = omero.gateway.CommentAnnotationWrapper(gateway)
        note.setValue("by another")
        found.linkAnnotation(note)
        found = gateway.getObject("Project", mine.id.val)
        equal([(a.getValue(), a.getDetails().getGroup().getId()) for a in found.listAnnotations()],
              [("by another", lab.group)])
        note = next(found.listAnnotations())
        note.setValue("changed")
        note.save()
        equal([a.getValue() for a in gateway.getObject("Project", mine.id.val).listAnnotations()], ["changed"])


def check_private_groups(server):
    lab = Lab(server, "rw----")
    with lab.connected() as gateway:
        mine = gateway.c.sf.getUpdateService().saveAndReturnObject(project("private"))
    other, other_name = lab.another()
    with lab.connected(other_name) as gateway:
        update = gateway.c.sf.getUpdateService()
        for target in (ProjectI(mine.id.val, False), mine):
            raises(omero.SecurityViolation, update.saveObject, link(
                ProjectDatasetLinkI, target, named(DatasetI, "x")))
            raises(omero.SecurityViolation, update.deleteObject, target)
            raises(omero.SecurityViolation, update.saveObject, target)
    with server.connected() as root:
        update = root.c.sf.getUpdateService()
        context = {"omero.group": str(lab.group)}
        try:
            update.saveObject(link(ProjectDatasetLinkI, ProjectI(mine.id.val, False), named(DatasetI, "x")), context)
            raise AssertionError("linked to private data")
        except omero.ReadOnlyGroupSecurityViolation:
            pass
        # For the owner it may: nobody else comes to see it.
        comment = CommentAnnotationI()
        comment.textValue = rstring("for you")
        made = link(ProjectAnnotationLinkI, ProjectI(mine.id.val, False), comment)
        comment.details.owner = made.details.owner = ExperimenterI(lab.user, False)
        equal(update.saveAndReturnObject(made, context).child.details.owner.id.val, lab.user)
        renamed = root.getQueryService().get("Project", mine.id.val, context)
        renamed.name = rstring("by root")
        equal(update.saveAndReturnObject(renamed, context).name.val, "by root")


def check_users_and_groups_are_for_administrators(server):
    lab = Lab(server)
    with lab.connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        me = gateway.getQueryService().get("Experimenter", lab.user)
        me.omeName = rstring("root2")
        raises(omero.SecurityViolation, update.saveObject, me)
        new = ExperimenterI()
        new.omeName, new.firstName, new.lastName, new.ldap = rstring("n"), rstring("n"), rstring("n"), rbool(False)
        raises(omero.SecurityViolation, update.saveObject, new)
        membership = GroupExperimenterMapI()
        membership.parent, membership.child = ExperimenterGroupI(0, False), ExperimenterI(lab.user, False)
        membership.owner = rbool(True)
        raises(omero.SecurityViolation, update.saveObject, membership)
        group = gateway.getQueryService().get("ExperimenterGroup", lab.group)
        group.name = rstring("mine")
        raises(omero.SecurityViolation, update.saveObject, group)
        session = gateway.getQueryService().get("Session", gateway.getEventContext().sessionId)
        session.message = rstring("x")
        raises(omero.SecurityViolation, update.saveObject, session)
        for protected in (me, group, session):
            raises(omero.SecurityViolation, update.deleteObject, protected)
    with server.connected() as root:
        update = root.c.sf.getUpdateService()
        query = root.getQueryService()
        someone = query.get("Experimenter", lab.user)
        someone.institution = rstring("Institute")
        equal(update.saveAndReturnObject(someone).institution.val, "Institute")
        for kind, number in (("Experimenter", 0), ("Experimenter", 1), ("ExperimenterGroup", 0), ("ExperimenterGroup", 1)):
            special = query.get(kind, number)
            raises(omero.ValidationException, update.deleteObject, special)
            if kind == "Experimenter":
                special.omeName = rstring("x")
            else:
                special.name = rstring("x")
            raises(omero.ValidationException, update.saveObject, special)
        own = query.findByQuery("select m from GroupExperimenterMap m where m.child.id = 0 and m.parent.id = 0", None)
        raises(omero.ValidationException, update.deleteObject, own)


def check_light_administrators_do_not_rise(server):
    names = ("ModifyUser", "ModifyGroup", "ModifyGroupMembership")
    with server.connected() as root:
        admin = root.getAdminService()
        group, _ = server.new_group(admin)
        user, _ = server.new_user(admin, group)
        light = ExperimenterI()
        light.omeName, light.firstName, light.lastName = (rstring(server.unique("light")) for _ in range(3))
        light.ldap = rbool(False)
        privileges = []
        for name in names:
            privilege = omero.model.AdminPrivilegeI()
            privilege.value = rstring(name)
            privileges.append(privilege)
        number = admin.createRestrictedSystemUserWithPassword(light, privileges, rstring("secret"))
    with server.connected(light.omeName.val, "secret") as gateway:
        update, query = gateway.c.sf.getUpdateService(), gateway.getQueryService()
        renamed = query.get("Experimenter", user)
        renamed.institution = rstring("by a light administrator")
        equal(update.saveAndReturnObject(renamed).institution.val, "by a light administrator")
        myself = query.get("Experimenter", number)
        assert any(pair.name.startswith("AdminPrivilege:") for pair in myself.config)
        myself.config = []
        raises(omero.SecurityViolation, update.saveObject, myself)
        for who, to in ((user, 0), (number, 0)):
            membership = GroupExperimenterMapI()
            membership.parent, membership.child = ExperimenterGroupI(to, False), ExperimenterI(who, False)
            membership.owner = rbool(False)
            raises(omero.SecurityViolation, update.saveObject, membership)
        membership = GroupExperimenterMapI()
        membership.parent, membership.child = ExperimenterGroupI(group, False), ExperimenterI(number, False)
        membership.owner = rbool(False)
        made = update.saveAndReturnObject(membership)
        assert group in gateway.c.sf.getAdminService().getEventContext().memberOfGroups, "rights are read again"
        made.parent = ExperimenterGroupI(0, False)
        raises(omero.SecurityViolation, update.saveObject, made)
        entry = PixelsTypeI()
        entry.value, entry.bitSize = rstring(server.unique("type")), rint(7)
        assert update.saveAndReturnObject(entry).id.val > 0
        dataset = named(DatasetI, "of another")
        dataset.details.owner = ExperimenterI(user, False)
        raises(omero.SecurityViolation, update.saveObject, dataset)


def check_owners_and_groups_take_their_own_privileges(server):
    lab = Lab(server)
    other, _ = lab.another()
    with lab.connected() as gateway:
        mine = gateway.c.sf.getUpdateService().saveAndReturnObject(project("mine"))
    with server.connected() as root:
        admin = root.getAdminService()
        light = ExperimenterI()
        light.omeName, light.firstName, light.lastName = (rstring(server.unique("light")) for _ in range(3))
        light.ldap = rbool(False)
        privilege = omero.model.AdminPrivilegeI()
        privilege.value = rstring("WriteOwned")
        admin.createRestrictedSystemUserWithPassword(light, [privilege], rstring("secret"))
        elsewhere, _ = server.new_group(admin)
    context = {"omero.group": str(lab.group)}
    with server.connected(light.omeName.val, "secret") as gateway:
        update = gateway.c.sf.getUpdateService()
        found = gateway.getQueryService().get("Project", mine.id.val, context)
        found.name = rstring("by an administrator")
        found = update.saveAndReturnObject(found, context)
        equal((found.name.val, found.details.owner.id.val), ("by an administrator", lab.user))
        found.details.owner = ExperimenterI(other, False)
        raises(omero.SecurityViolation, update.saveObject, found, context)
        found.details.owner = ExperimenterI(lab.user, False)
        found.details.group = ExperimenterGroupI(elsewhere, False)
        raises(omero.SecurityViolation, update.saveObject, found, context)
    with server.connected() as root:
        update = root.c.sf.getUpdateService()
        found = root.getQueryService().get("Project", mine.id.val, context)
        found.details.owner = ExperimenterI(other, False)
        equal(update.saveAndReturnObject(found, context).details.owner.id.val, other)


def check_what_is_hidden_stays(server):
    with server.connected() as root:
        admin = root.getAdminService()
        stranger, stranger_name = server.new_user(admin, server.new_group(admin)[0])
        someone = root.getQueryService().get("Experimenter", stranger)
        someone.email = rstring("stranger@example.org")
        root.c.sf.getUpdateService().saveObject(someone)
    with Lab(server).connected() as gateway:
        seen = gateway.getQueryService().get("Experimenter", stranger)
        equal((seen.omeName.val, seen.email), ("<hidden>", None))
        comment = CommentAnnotationI()
        made = gateway.c.sf.getUpdateService().saveAndReturnObject(
            link(omero.model.ExperimenterAnnotationLinkI, seen, comment))
        equal((made.parent.omeName.val, made.parent.email), ("<hidden>", None))
        seen.lastName = rstring("changed")
        raises(omero.SecurityViolation, gateway.c.sf.getUpdateService().saveObject, seen)
    with server.connected() as root:
        found = root.getQueryService().get("Experimenter", stranger)
        equal((found.omeName.val, found.email.val), (stranger_name, "stranger@example.org"))
        file = OriginalFileI()
        file.name, file.path = rstring("n"), rstring("p/")
        file = root.c.sf.getUpdateService().saveAndReturnObject(file)
        file.repo, file.hash = rstring("repository"), rstring("abc")
        file = root.c.sf.getUpdateService().saveAndReturnObject(file)
        equal((file.repo, file.hash.val), (None, "abc"))


def check_what_can_not_be_stored(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        before = count(gateway, "Project"), count(gateway, "Annotation")
        for wrong in (project("zero\0byte"), project("x", "zero\0byte"), ProjectI(), LongAnnotationI(5, True)):
            raises(omero.ValidationException, update.saveObject, wrong)
        number = omero.model.DoubleAnnotationI()
        number.doubleValue = rdouble(float("nan"))
        raises(omero.ValidationException, update.saveObject, number)
        time = omero.model.TimestampAnnotationI()
        for value in (2 ** 63 - 1, -2 ** 63):
            time.timeValue = rtime(value)
            raises(omero.ValidationException, update.saveObject, time)
        time.timeValue = rtime(-62135596800000)
        equal(update.saveAndReturnObject(time).timeValue.val, -62135596800000)
        pixels = image_with_pixels("none")
        pixels.getPrimaryPixels().sizeX = rint(0)
        raises(omero.ValidationException, update.saveObject, pixels)
        long = OriginalFileI()
        long.name, long.path, long.mimetype = rstring("n"), rstring("p"), rstring("m" * 256)
        raises(omero.ValidationException, update.saveObject, long)
        long.mimetype = None
        equal(update.saveAndReturnObject(long).mimetype.val, "application/octet-stream")
        hostile = OriginalFileI()
        hostile.name, hostile.path = rstring("passwd"), rstring("../../etc/")
        raises(omero.SecurityViolation, update.saveObject, hostile)
        hostile.path, hostile.repo = rstring("etc/"), rstring("repository")
        raises(omero.SecurityViolation, update.saveObject, hostile)
        zero = MapAnnotationI()
        zero.mapValue = [NamedValue("a\0", "b")]
        raises(omero.ValidationException, update.saveObject, zero)
        big = project("b" * (1 << 20), "ü" * (1 << 20))
        saved = update.saveAndReturnObject(big)
        equal(gateway.getObject("Project", saved.id.val).getDescription(), "ü" * (1 << 20))
        equal((count(gateway, "Project"), count(gateway, "Annotation")), (before[0] + 1, before[1] + 1))


def check_malformed_graphs(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        dataset = update.saveAndReturnObject(named(DatasetI, "d"))
        tag = TagAnnotationI()
        tag.textValue = rstring("t")
        tag = update.saveAndReturnObject(tag)
        wrong_class = CommentAnnotationI(tag.id.val, False)
        raises(omero.ValidationException, update.saveObject, link(
            omero.model.DatasetAnnotationLinkI, DatasetI(dataset.id.val, False), wrong_class))
        raises(omero.ValidationException, update.saveObject, CommentAnnotationI(tag.id.val, True))
        raises(omero.ValidationException, update.deleteObject, wrong_class)
        for number in (-1, 0, 2 ** 63 - 1, -2 ** 63, 10 ** 12):
            raises(omero.ServerError, update.saveObject, ProjectI(number, False))
            missing = ProjectI(number, True)
            missing.name = rstring("x")
            raises(omero.ServerError, update.saveObject, missing)
            raises(omero.ServerError, update.deleteObject, ProjectI(number, False))
        unloaded = ProjectI()
        unloaded.name = rstring("x")
        unloaded.unload()
        raises(omero.ValidationException, update.saveObject, unloaded)
        own = link(omero.model.AnnotationAnnotationLinkI, None, None)
        parent, child = TagAnnotationI(), TagAnnotationI()
        parent.textValue, child.textValue = rstring("parent"), rstring("child")
        own.parent, own.child = parent, parent
        saved = update.saveAndReturnObject(own)
        equal(saved.parent.id.val, saved.child.id.val)
        # A circle of links: each is in the collection of its parent, and each parent is the other's child.
        one, two = TagAnnotationI(), TagAnnotationI()
        one.textValue, two.textValue = rstring("one"), rstring("two")
        one.linkAnnotation(two)
        two.linkAnnotation(one)
        saved = update.saveAndReturnObject(one)
        equal(saved.linkedAnnotationList()[0].linkedAnnotationList()[0].id.val, saved.id.val)
        first, second = (image_with_pixels(n, 1) for n in ("circle 1", "circle 2"))
        first.getPrimaryPixels().relatedTo = second.getPrimaryPixels()
        second.getPrimaryPixels().relatedTo = first.getPrimaryPixels()
        saved = update.saveAndReturnObject(first)
        related = saved.getPrimaryPixels().relatedTo
        equal(related.relatedTo.id.val, saved.getPrimaryPixels().id.val)
        outer, inner = named(omero.model.FolderI, "outer"), named(omero.model.FolderI, "inner")
        outer.parentFolder, inner.parentFolder = inner, outer
        raises(omero.ValidationException, update.saveObject, outer, says="in itself")
        outer.parentFolder = None
        inner = update.saveAndReturnObject(inner)
        outer = gateway.getQueryService().get("Folder", inner.parentFolder.id.val)
        outer.parentFolder = omero.model.FolderI(inner.id.val, False)
        raises(omero.ValidationException, update.saveObject, outer, says="in itself")
        # As deep as a chain of references gets.
        deep = previous = None
        for number in range(400):
            next_one = omero.model.FolderI()
            next_one.name = rstring("folder %d" % number)
            next_one.parentFolder = previous
            previous = next_one
        update.saveAndReturnObject(previous)
        equal(count(gateway, "Folder", "x.name like 'folder %'"), 400)
        # Twice the same row in one graph.
        project_one = update.saveAndReturnObject(project("same"))
        a, b = (gateway.getQueryService().get("Project", project_one.id.val) for _ in range(2))
        a.name, b.description = rstring("changed"), rstring("changed too")
        update.saveArray([a, b])
        found = gateway.getObject("Project", project_one.id.val)
        equal((found.getName(), found.getDescription()), ("changed", "changed too"))


if __name__ == "__main__":
    drive(globals(), Server)
