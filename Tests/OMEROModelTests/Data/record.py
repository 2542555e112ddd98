"""Records what omero-py sends for a small cyclic result, in both encodings: run with the Python of scripts/peers.

Writes result-1.0.base64 and result-1.1.base64 beside itself: the content of the encapsulation of a list of projects,
with links, datasets, images with sizes in units, annotations, owners, groups, permissions and events.
"""

import base64
import os

import Ice
import omero.all  # noqa: F401
import omero.api
import omero.model as model
from omero.rtypes import rbool, rint, rlong, rstring, rtime


def saved(kind, number):
    instance = kind()
    instance._id = rlong(number)
    return instance


def result():
    owner, group, event = saved(model.ExperimenterI, 3), saved(model.ExperimenterGroupI, 4), saved(model.EventI, 5)
    owner.omeName, owner.firstName, owner.lastName = rstring("römer"), rstring("Ö"), rstring("Mer")
    owner.ldap = rbool(False)
    group.name, group.ldap = rstring("lab"), rbool(True)
    event.time, event.experimenter, event.experimenterGroup = rtime(1700000000123), owner, group
    event.type = model.EventTypeI(1, False)
    for instance in (owner, group):
        instance.unloadGroupExperimenterMap()
        instance.unloadAnnotationLinks()
    event.unloadLogs()

    def own(instance):
        details = instance.details
        details._owner, details._group, details._creationEvent, details._updateEvent = owner, group, event, event
        details._permissions = model.PermissionsI("rwra--")
        details._permissions._restrictions = [False, True, False, False, False]
        details._permissions._extendedRestrictions = ["RESTRICT-BINARY-ACCESS"]
        return instance

    notes = own(saved(model.MapAnnotationI, 60))
    notes.ns = rstring("openmicroscopy.org/omero/client/mapAnnotation")
    notes.mapValue = [model.NamedValue("stain", "DAPI"), model.NamedValue("stain", "GFP")]
    datasets = []
    for number in (20, 21):
        dataset = own(saved(model.DatasetI, number))
        dataset.name = rstring("dataset %d" % number)
        image = own(saved(model.ImageI, 30 + number))
        image.name, image.acquisitionDate = rstring("image"), rtime(0)
        pixels = own(saved(model.PixelsI, 40 + number))
        pixels.sizeX, pixels.physicalSizeX = rint(512), model.LengthI(0.25, model.enums.UnitsLength.MICROMETER)
        pixels.timeIncrement = model.TimeI(1.5, model.enums.UnitsTime.SECOND)
        image.addPixels(pixels)
        dataset.linkImage(image)
        datasets.append(dataset)
    projects = []
    for number in (10, 11, 12):
        project = own(saved(model.ProjectI, number))
        project.version, project.name = rint(0), rstring("project %d" % number)
        if number == 11:
            project.description = rstring("described")
        for dataset in datasets:
            project.linkDataset(dataset)
        project.linkAnnotation(notes)
        projects.append(project)
    projects.append(model.ProjectI(99, False))
    projects.append(None)
    return projects


class Recorder(Ice.Blobject):
    def ice_invoke(self, parameters, current):
        self.kept = bytes(parameters)
        return True, b"\x06\x00\x00\x00\x01" + bytes([current.encoding.minor])


def main():
    ice = Ice.initialize()
    adapter = ice.createObjectAdapterWithEndpoints("record", "tcp -h 127.0.0.1")
    recorder = Recorder()
    proxy = adapter.addWithUUID(recorder).ice_collocationOptimized(False)
    adapter.activate()
    for version in (Ice.Encoding_1_0, Ice.Encoding_1_1):
        update = omero.api.IUpdatePrx.uncheckedCast(proxy.ice_encodingVersion(version))
        update.saveCollection(result(), None)
        name = "result-%d.%d.base64" % (version.major, version.minor)
        with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name), "wb") as file:
            file.write(base64.encodebytes(recorder.kept[6:]))
        print(name, len(recorder.kept) - 6)
    ice.destroy()


main()
