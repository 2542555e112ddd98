"""IContainer and IMetadata as unmodified BlitzGateway and omero.client use them, against the server under test."""

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.gateway
import omero.model
from omero.model import (
    CommentAnnotationI, DatasetAnnotationLinkI, DatasetI, DatasetImageLinkI, FileAnnotationI, FilesetI, FolderI,
    FolderImageLinkI, ImageAnnotationLinkI, ImageI, InstrumentI, ObjectiveI, OriginalFileI, PlateI, ProjectI,
    ProjectAnnotationLinkI, ProjectDatasetLinkI, ScreenI, ScreenPlateLinkI, TagAnnotationI, WellI, WellSampleI)
from omero.rtypes import rbool, rint, rlong, rstring, rtime
from omero.sys import ParametersI

from checks import drive, equal, raises
from gateway_life import Server
from update_life import Lab, image_with_pixels, link, named, project

TAG_SET = "openmicroscopy.org/omero/insight/tagset"


class Tree:
    """Two projects with datasets and images, a dataset in no project, an image in no dataset; a screen with a plate."""

    def __init__(self, gateway):
        self.gateway = gateway
        self.container = gateway.c.sf.getContainerService()
        self.metadata = gateway.c.sf.getMetadataService()
        self.update = gateway.c.sf.getUpdateService()
        save = self.update.saveAndReturnObject
        self.images = [save(image_with_pixels("image %d" % n, 1)).id.val for n in range(5)]
        self.projects = [save(project("project %d" % n)).id.val for n in range(2)]
        self.datasets = [save(named(DatasetI, "dataset %d" % n)).id.val for n in range(3)]
        for parent, child in ((0, 0), (0, 1), (1, 1)):
            self.link(ProjectDatasetLinkI, ProjectI(self.projects[parent], False), DatasetI(self.datasets[child], False))
        for parent, child in ((0, 0), (0, 1), (1, 2), (2, 3)):
            self.link(DatasetImageLinkI, DatasetI(self.datasets[parent], False), ImageI(self.images[child], False))
        self.screen, self.plate = save(named(ScreenI, "screen")).id.val, save(named(PlateI, "plate")).id.val
        self.link(ScreenPlateLinkI, ScreenI(self.screen, False), PlateI(self.plate, False))

    def link(self, kind, parent, child):
        return self.update.saveAndReturnObject(link(kind, parent, child))

    def tag(self, text, ns=None):
        tag = TagAnnotationI()
        tag.textValue = rstring(text)
        if ns:
            tag.ns = rstring(ns)
        return self.update.saveAndReturnObject(tag)


def ids(objects):
    return sorted(o.id.val for o in objects)


def check_counts_of_collections(server):
    with Lab(server).connected() as gateway:
        tree = Tree(gateway)
        equal(gateway.getObject("Project", tree.projects[0]).countChildren(), 2)
        equal(gateway.getObject("Dataset", tree.datasets[0]).countChildren(), 2)
        count = tree.container.getCollectionCount
        equal(count("Dataset", "imageLinks", tree.datasets, None), dict(zip(tree.datasets, (2, 1, 1))))
        equal(count("ome.model.containers.Project", "datasetLinks", tree.projects, None), dict(zip(tree.projects, (2, 1))))
        equal(count("Image", "annotationLinks", tree.images[:1], None), {tree.images[0]: 0})
        equal(count("Image", "annotationLinks", [], None), {})
        for kind, name in (("Nothing", "imageLinks"), ("Dataset", "nothing"), ("Dataset", "name"),
                           ("Dataset", "imageLinks) from Dataset x"), ("Dataset d", "imageLinks"), ("", "")):
            raises(omero.ApiUsageException, count, kind, name, tree.datasets, None)
    with Lab(server).connected() as other:
        equal(other.c.sf.getContainerService().getCollectionCount("Dataset", "imageLinks", tree.datasets, None), {})


def check_hierarchies_from_the_top(server):
    with Lab(server).connected() as gateway:
        tree = Tree(gateway)
        load = tree.container.loadContainerHierarchy
        found = load("Project", tree.projects, None)
        equal(ids(found), sorted(tree.projects))
        first = next(p for p in found if p.id.val == tree.projects[0])
        equal(ids(first.linkedDatasetList()), sorted(tree.datasets[:2]))
        dataset = first.linkedDatasetList()[0]
        assert dataset.name.val.startswith("dataset") and not dataset.isImageLinksLoaded()
        equal(sum(dataset.getImageLinksCountPerOwner().values()), 2 if dataset.id.val == tree.datasets[0] else 1)
        assert first.details.creationEvent.time.val > 0
        found = load("Project", [tree.projects[0]], ParametersI().leaves())
        images = [i for d in found[0].linkedDatasetList() for i in d.linkedImageList()]
        equal(ids(images), sorted(tree.images[:3]))
        equal(images[0].getPrimaryPixels().pixelsType.value.val, "uint16")
        own = gateway.getUserId()
        found = load("Project", [], ParametersI().exp(own).orphan())
        equal(ids(p for p in found if isinstance(p, ProjectI)), sorted(tree.projects))
        equal(ids(d for d in found if isinstance(d, DatasetI)), [tree.datasets[2]])
        found = load("Dataset", tree.datasets, ParametersI().leaves())
        equal(sorted(len(d.linkedImageList()) for d in found), [1, 1, 2])
        found = load("Screen", [tree.screen], None)
        equal(ids(found[0].linkedPlateList()), [tree.plate])
        equal(ids(load("Plate", [], ParametersI().exp(own))), [tree.plate])
        equal(load("Project", [], ParametersI().exp(0)), [])
        raises(omero.ApiUsageException, load, "Image", tree.images, None, says="must be in")
        wrapper = omero.gateway.ProjectWrapper(gateway, ProjectI(tree.projects[0], False))
        wrapper.__loadedHotSwap__()
        equal(wrapper.getName(), "project 0")


def check_hierarchies_from_below(server):
    with Lab(server).connected() as gateway:
        tree = Tree(gateway)
        find = tree.container.findContainerHierarchies
        found = find("Project", [tree.images[n] for n in (0, 3, 4)], None)
        equal(sorted((type(o).__name__, o.id.val) for o in found), sorted([
            ("ProjectI", tree.projects[0]), ("DatasetI", tree.datasets[2]), ("ImageI", tree.images[4])]))
        top = next(o for o in found if isinstance(o, ProjectI))
        equal(ids(top.linkedDatasetList()), [tree.datasets[0]], "only what leads to the image")
        equal(ids(top.linkedDatasetList()[0].linkedImageList()), [tree.images[0]])
        equal(find("Project", [], None), [])
        raises(omero.ApiUsageException, find, "Dataset", tree.images, None)


def check_images(server):
    with Lab(server).connected() as gateway:
        tree = Tree(gateway)
        images = tree.container.getImages
        equal(ids(images("Image", tree.images[:2], None)), sorted(tree.images[:2]))
        equal(ids(images("Dataset", tree.datasets[:1], None)), sorted(tree.images[:2]))
        equal(ids(images("Project", tree.projects[:1], None)), sorted(tree.images[:3]))
        equal(ids(images("Project", tree.projects[:1], ParametersI().page(1, 1))), [sorted(tree.images[:3])[1]])
        equal(images("Image", [], None), [])
        one = images("Image", tree.images[:1], None)[0]
        assert one.details.creationEvent.loaded and one.getPrimaryPixels().pixelsType.loaded
        raises(omero.ApiUsageException, images, "Plate", [tree.plate], None)
        own = gateway.getUserId()
        equal(ids(tree.container.getUserImages(ParametersI().exp(own))), sorted(tree.images))
        raises(omero.ApiUsageException, tree.container.getUserImages, None)
        times = ParametersI().startTime(rtime(0)).exp(own)
        equal(ids(tree.container.getImagesByOptions(times)), sorted(tree.images))
        equal(tree.container.getImagesByOptions(ParametersI().endTime(rtime(0))), [])
        tree.container.getImagesByOptions(ParametersI().endTime(rtime(2 ** 63 - 1)).exp(own))
        raises(omero.ApiUsageException, tree.container.getImagesByOptions, ParametersI())
        wrapper = omero.gateway.ImageWrapper(gateway, gateway.getObject("Image", tree.images[0])._obj)
        wrapper.__loadedHotSwap__()
        equal(wrapper.getName(), "image 0")


def check_split_filesets(server):
    with Lab(server).connected() as gateway:
        tree = Tree(gateway)
        fileset = FilesetI()
        fileset.templatePrefix = rstring("prefix")
        fileset = tree.update.saveAndReturnObject(fileset)
        for number in tree.images[:3]:
            image = gateway.getQueryService().get("Image", number)
            image.fileset = FilesetI(fileset.id.val, False)
            tree.update.saveObject(image)
        split = tree.container.getImagesBySplitFilesets
        found = split({"Dataset": tree.datasets[:1]}, None)
        equal({k: {b: sorted(v) for b, v in parts.items()} for k, parts in found.items()},
              {fileset.id.val: {True: sorted(tree.images[:2]), False: [tree.images[2]]}})
        equal(split({"Project": tree.projects}, None), {})
        equal(split({"Fileset": [fileset.id.val]}, None), {})
        folder = tree.update.saveAndReturnObject(named(FolderI, "outer"))
        inner = named(FolderI, "inner")
        inner.parentFolder = FolderI(folder.id.val, False)
        inner = tree.update.saveAndReturnObject(inner)
        tree.link(FolderImageLinkI, FolderI(inner.id.val, False), ImageI(tree.images[0], False))
        equal(split({"Folder": [folder.id.val]}, None)[fileset.id.val][True], [tree.images[0]])
        equal(split({}, None), {})
        raises(omero.ApiUsageException, split, {"Nothing": [1]}, None)


def check_containers_save_and_link(server):
    with Lab(server).connected() as gateway:
        container = gateway.c.sf.getContainerService()
        made = container.createDataObject(project("made"), None)
        made.name = rstring("changed")
        equal(container.updateDataObject(made, None).version.val, 1)
        both = container.createDataObjects([named(DatasetI, "a"), named(DatasetI, "b")], None)
        links = container.link([link(ProjectDatasetLinkI, ProjectI(made.id.val, False), DatasetI(d.id.val, False))
                                for d in both], None)
        equal(gateway.getObject("Project", made.id.val).countChildren(), 2)
        equal(ids(container.retrieveCollection(ProjectI(made.id.val, False), "datasetLinks", None)), ids(links))
        container.unlink(links[:1], None)
        equal([d.getName() for d in gateway.getObject("Project", made.id.val).listChildren()], ["b"])
        raises(omero.ApiUsageException, container.unlink, [made], None)
        assert gateway.getObject("Project", made.id.val) is not None
        both[0].name, both[1].name = rstring("a2"), rstring("b2")
        equal([d.name.val for d in container.updateDataObjects(both, None)], ["a2", "b2"])


def check_annotations_by_class_and_namespace(server):
    lab = Lab(server)
    with lab.connected() as gateway:
        tree = Tree(gateway)
        target = ImageI(tree.images[0], False)
        tag = tree.tag("tagged", "example.org/a")
        comment = CommentAnnotationI()
        comment.textValue, comment.ns = rstring("said"), rstring("example.org/b")
        comment = tree.update.saveAndReturnObject(comment)
        file = OriginalFileI()
        file.name, file.path, file.size = rstring("notes.txt"), rstring("/"), rlong(5)
        attached = FileAnnotationI()
        attached.file, attached.ns = file, rstring("example.org/a")
        attached = tree.update.saveAndReturnObject(attached)
        for each in (tag, comment, attached):
            tree.link(ImageAnnotationLinkI, target, each)
        empty = FileAnnotationI()
        tree.update.saveObject(empty)
        own = gateway.getUserId()
        found = list(gateway.listFileAnnotations(eid=own))
        equal([(a.getId(), a.getFile().getName()) for a in found], [(attached.id.val, "notes.txt")])
        load, count = tree.metadata.loadSpecifiedAnnotations, tree.metadata.countSpecifiedAnnotations
        mine = ParametersI().exp(own)
        equal(ids(load("Annotation", ["example.org/a"], [], mine)), ids([tag, attached]))
        equal(ids(load("ome.model.annotations.TextAnnotation", [], ["example.org/a"], mine)), [comment.id.val])
        equal(ids(load("TagAnnotation", [], [], mine)), [tag.id.val])
        equal(load("TagAnnotation", ["none"], [], mine), [])
        equal(count("TagAnnotation", [], [], mine).val, 1)
        equal(count("FileAnnotation", [], ["example.org/a"], mine).val, 0)
        raises(omero.ApiUsageException, load, "Image", [], [], None)
        raises(omero.ApiUsageException, load, "Nothing", [], [], None)
        loaded = tree.metadata.loadAnnotation([tag.id.val, attached.id.val, 10 ** 9])
        equal(ids(loaded), ids([tag, attached]))
        equal(next(a for a in loaded if isinstance(a, FileAnnotationI)).file.name.val, "notes.txt")
        assert loaded[0].details.owner.omeName.val == lab.name
        found = tree.metadata.loadAnnotations("Image", tree.images[:2], [], [], None)
        equal({k: ids(v) for k, v in found.items()},
              {tree.images[0]: ids([tag, comment, attached]), tree.images[1]: []})
        only = ["ome.model.annotations.CommentAnnotation"]
        equal(ids(tree.metadata.loadAnnotations("Image", tree.images[:1], only, [own], None)[tree.images[0]]),
              [comment.id.val])
        equal(tree.metadata.loadAnnotations("Image", tree.images[:1], [], [0], None), {tree.images[0]: []})
        found = tree.metadata.loadSpecifiedAnnotationsLinkedTo(
            "TagAnnotation", ["example.org/a"], [], "Image", tree.images, None)
        equal({k: ids(v) for k, v in found.items()}, {tree.images[0]: [tag.id.val]})
        raises(omero.ApiUsageException, tree.metadata.loadAnnotations, "Event", [1], [], [], None)
        links = gateway.getQueryService().findAllByQuery(
            "select l from ImageAnnotationLink l where l.parent.id = %d order by l.id" % tree.images[0], None)
        equal([l.child.ns.val for l in links], ["example.org/a", "example.org/b", "example.org/a"])
        equal((links[0].parent.loaded, links[0].child.textValue.val), (False, "tagged"))
        wrapped = gateway.getObject("Image", tree.images[0])
        equal(sorted(a.getNs() for a in wrapped.listAnnotations()), ["example.org/a", "example.org/a", "example.org/b"])
    with Lab(server).connected() as stranger:
        metadata = stranger.c.sf.getMetadataService()
        equal(metadata.loadAnnotation([tag.id.val]), [])
        equal(metadata.loadAnnotations("Image", tree.images, [], [], None), {})
        equal(metadata.loadSpecifiedAnnotations("TagAnnotation", [], [], None), [])


def check_tags(server):
    lab = Lab(server, "rwra--")
    other, other_name = lab.another()
    with lab.connected() as gateway:
        tree = Tree(gateway)
        tags = tree.tag("set", TAG_SET)
        inside, outside = tree.tag("inside"), tree.tag("outside")
        tree.link(omero.model.AnnotationAnnotationLinkI, tags, inside)
        own = gateway.getUserId()
        sets = tree.metadata.loadTagSets(ParametersI().exp(own))
        equal(ids(sets), [tags.id.val])
        equal(ids(sets[0].linkedAnnotationList()), [inside.id.val])
        equal(ids(tree.metadata.loadTagSets(ParametersI().exp(own).orphan())), ids([tags, outside]))
        tree.link(ImageAnnotationLinkI, ImageI(tree.images[0], False), inside)
        tree.link(DatasetAnnotationLinkI, DatasetI(tree.datasets[0], False), inside)
        tree.link(ProjectAnnotationLinkI, ProjectI(tree.projects[0], False), inside)
        equal(tree.metadata.getTaggedObjectsCount([inside.id.val, outside.id.val], None),
              {inside.id.val: 3, outside.id.val: 0})
        content = tree.metadata.loadTagContent([inside.id.val, outside.id.val], None)
        equal(sorted(type(o).__name__ for o in content[inside.id.val]), ["DatasetI", "ImageI", "ProjectI"])
        equal(content[outside.id.val], [])
        images = ImageI(tree.images[1], False)
    with lab.connected(other_name) as gateway:
        gateway.c.sf.getUpdateService().saveObject(link(ImageAnnotationLinkI, images, TagAnnotationI(inside.id.val, False)))
        metadata = gateway.c.sf.getMetadataService()
        equal(ids(metadata.loadAnnotationsUsedNotOwned("TagAnnotation", other)), [inside.id.val])
        equal(metadata.countAnnotationsUsedNotOwned("TagAnnotation", other).val, 1)
        equal(metadata.countAnnotationsUsedNotOwned("CommentAnnotation", other).val, 0)
        equal(metadata.loadAnnotationsUsedNotOwned("TagAnnotation", own), [])


def check_instruments_and_channels(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()

        def entry(kind):
            return gateway.c.sf.getTypesService().allEnumerations(kind)[0]

        instrument = InstrumentI()
        objective = ObjectiveI()
        objective.model, objective.nominalMagnification = rstring("Plan"), omero.rtypes.rdouble(40)
        objective.immersion, objective.correction = entry("Immersion"), entry("Correction")
        instrument.addObjective(objective)
        laser = omero.model.LaserI()
        laser.model, laser.type, laser.laserMedium = rstring("L1"), entry("LaserType"), entry("LaserMedium")
        instrument.addLightSource(laser)
        filter = omero.model.FilterI()
        filter.model = rstring("F1")
        instrument.addFilter(filter)
        image = image_with_pixels("measured", 1)
        channel = image.getPrimaryPixels().getChannel(0).logicalChannel
        settings = omero.model.LightSettingsI()
        settings.lightSource = laser
        channel.lightSourceSettings = settings
        image.instrument = instrument
        saved = update.saveAndReturnObject(image)
        found = gateway.c.sf.getMetadataService().loadInstrument(saved.instrument.id.val)
        equal([o.model.val for o in found.copyObjective()], ["Plan"])
        equal([type(s).__name__ for s in found.copyLightSource()], ["LaserI"])
        equal([f.model.val for f in found.copyFilter()], ["F1"])
        equal(gateway.c.sf.getMetadataService().loadInstrument(10 ** 9), None)
        wrapped = gateway.getObject("Image", saved.id.val)
        equal([o.getModel() for o in wrapped.getInstrument().getObjectives()], ["Plan"])
        equal(len(list(wrapped.getInstrument().getLightSources())), 1)
        number = saved.getPrimaryPixels().getChannel(0).logicalChannel.id.val
        channels = gateway.c.sf.getMetadataService().loadChannelAcquisitionData([number])
        equal(channels[0].lightSourceSettings.lightSource.model.val, "L1")
        logical = gateway.getObject("Image", saved.id.val).getChannels(noRE=True)[0].getLogicalChannel()
        equal(logical.getLightSourceSettings().getLightSource().getModel(), "L1")


def check_import_logs(server):
    with Lab(server).connected() as gateway:
        update = gateway.c.sf.getUpdateService()
        job = omero.model.UploadJobI()
        for name in ("username", "groupname", "type", "message"):
            setattr(job, name, rstring(name))
        job.status = omero.model.JobStatusI()
        job.status.value = rstring("Finished")
        job.submitted = job.scheduledFor = rtime(1)
        log = OriginalFileI()
        log.name, log.path, log.mimetype = rstring("import.log"), rstring("/"), rstring("application/omero-log-file")
        job.linkOriginalFile(log)
        other = OriginalFileI()
        other.name, other.path = rstring("other.txt"), rstring("/")
        job.linkOriginalFile(other)
        fileset = FilesetI()
        fileset.templatePrefix = rstring("prefix")
        fileset.linkJob(job)
        image = named(ImageI, "imported")
        image.fileset = fileset
        saved = update.saveAndReturnObject(image)
        metadata = gateway.c.sf.getMetadataService()
        found = metadata.loadLogFiles("Fileset", [saved.fileset.id.val])
        equal({k: [f.name.val for f in v] for k, v in found.items()}, {saved.fileset.id.val: ["import.log"]})
        found = metadata.loadLogFiles("Image", [saved.id.val])
        equal({k: [f.name.val for f in v] for k, v in found.items()}, {saved.id.val: ["import.log"]})
        raises(omero.ApiUsageException, metadata.loadLogFiles, "Project", [1])


def check_timeline(server):
    lab = Lab(server)
    with lab.connected() as gateway:
        tree = Tree(gateway)
        timeline, own = gateway.getTimelineService(), gateway.getUserId()
        first = 1700000000000
        for number, image in enumerate(tree.images[:3]):
            wrapped = gateway.getObject("Image", image)
            wrapped._obj.acquisitionDate = rtime(first + 1000 * number)
            wrapped.save()
        equal([i.getId() for i in gateway.timelineListImages(limit=2)], [tree.images[2], tree.images[1]])
        equal([i.getId() for i in gateway.timelineListImages(tfrom=first, tto=first + 1500)],
              [tree.images[1], tree.images[0]])
        everybodys = [i.getId() for i in gateway.timelineListImages(limit=100, only_owned=False)]
        assert set(tree.images) <= set(everybodys), everybodys
        kinds = ["Image", "Project", "Dataset", "Nothing"]
        equal(timeline.countByPeriod(kinds, None, None, None),
              {"Image": 5, "Project": len(tree.projects), "Dataset": len(tree.datasets), "Nothing": -1})
        equal(timeline.countByPeriod(kinds[:3], rtime(first), rtime(first + 1), None),
              {"Image": 1, "Project": 0, "Dataset": 0})
        equal(timeline.countByPeriod(["Project"], None, None, ParametersI().exp(0)), {"Project": 0})
        found = timeline.getMostRecentObjects(["Project", "Dataset"], ParametersI().page(0, 1), True)
        equal(sorted(len(v) for v in found.values()), [0, 1], "the latest of both")
        equal(next(v for v in found.values() if v)[0].details.owner.omeName.val, lab.name)
        logs = timeline.getEventLogsByPeriod(rtime(-1), rtime(2 ** 62), ParametersI().exp(own))
        equal(sorted(l.entityId.val for l in logs if l.entityType.val == "ome.model.core.Image"),
              sorted(tree.images))
        assert set(tree.projects) <= {l.entityId.val for l in logs if l.entityType.val.endswith("Project")}
        assert all(l.event.time is not None for l in logs)
        tag = tree.tag("latest", "example.org/time")
        tree.link(ImageAnnotationLinkI, ImageI(tree.images[0], False), tag)
        tree.link(ProjectAnnotationLinkI, ProjectI(tree.projects[0], False), tag)
        recent = timeline.getMostRecentAnnotationLinks
        mine = ParametersI().exp(own).page(0, 1)
        equal([type(l).__name__ for l in recent(None, ["TagAnnotation"], ["example.org/%"], mine)],
              ["ProjectAnnotationLinkI"])
        equal(recent(["Image"], ["CommentAnnotation"], None, mine), [])
        equal(recent(["Image"], None, None, mine)[0].child.textValue.val, "latest")
        raises(omero.ApiUsageException, recent, ["Nothing"], None, None, None)
        raises(omero.ApiUsageException, recent, None, ["TagAnnotation", "MapAnnotation"], None, None)
        raises(omero.ValidationException, recent, None, ["Image"], None, None)
        equal(timeline.getMostRecentShareCommentLinks(None), [])
    with Lab(server).connected() as stranger:
        equal([i for i in stranger.timelineListImages(limit=100, only_owned=False)
               if i.getId() in tree.images], [])


if __name__ == "__main__":
    drive(globals(), Server)
