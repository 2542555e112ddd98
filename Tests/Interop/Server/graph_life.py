"""Deleting, moving and giving objects with all that goes along: BlitzGateway, omero.client and the `omero` command,
unmodified, against a server with sample data.

Every check takes the data of one user in one group, because what is deleted is gone for all that follow.
"""

import os
import tempfile

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.cmd
import omero.cmd.graphs
from omero.cmd import Chgrp2, Chown2, Delete2, DoAll, FindChildren, FindParents, LegalGraphTargets, SkipHead
from omero.rtypes import unwrap

import gateway_life
from checks import drive, equal, raises
from cli import Cli

PASSWORDS = {
    "sample-leader": "leader-1", "sample-member": "member-2", "sample-loner": "loner-3", "sample-reader": "reader-4",
    "sample-zoë": "zoë-5", "sample-light-admin": "light-6", "sample-admin": "admin-7",
}
ALL = {"omero.group": "-1"}


class Server(gateway_life.Server):
    def __init__(self, options):
        super().__init__(options)
        self.folder = tempfile.mkdtemp(prefix="omero-graph-")
        with self.connected() as root:
            groups = root.getAdminService().lookupGroups()
            self.groups = {group.name.val: group.id.val for group in groups}
            self.users = {name: root.getAdminService().lookupExperimenter(name).id.val for name in PASSWORDS}

    def sample(self, user, group=None):
        return self.connected(user, PASSWORDS[user], group=group)

    def command(self, user, group=None):
        self.number += 1
        person = Cli(os.path.join(self.folder, str(self.number)))
        more = ["-g", group] if group else []
        person("login", "%s@%s:%s" % (user, self.host, self.port), "-w", PASSWORDS[user], *more).expect("")
        return person


class Data:
    """The sample data of one user in one group, found as the one who is connected sees them."""

    def __init__(self, gateway, user, group):
        self.query, self.user, self.group = gateway.getQueryService(), user, group

    def ids(self, what, more=""):
        text = "select x.id from %s x where x.details.owner.id = %d and x.details.group.id = %d %s order by x.id" % (
            what, self.user, self.group, more)
        return [row[0] for row in unwrap(self.query.projection(text, None, ALL))]

    def one(self, what):
        found = self.ids(what)
        assert found, "there is no %s" % what
        return found[0]

    def count(self, what):
        return len(self.ids(what))

    def counts(self, *types):
        return {what: self.count(what) for what in types}


CONTENTS = ("Project", "Dataset", "Image", "Pixels", "Channel", "LogicalChannel", "ProjectDatasetLink",
            "DatasetImageLink", "TagAnnotation", "CommentAnnotation")


def names(found):
    return {name.split(".")[-1]: sorted(ids) for name, ids in found.items() if ids}


def check_dry_run_changes_nothing_and_tells_all(server):
    with server.sample("sample-member", "sample-read-annotate") as gateway:
        data = Data(gateway, server.users["sample-member"], server.groups["sample-read-annotate"])
        before = data.counts(*CONTENTS)
        project = data.one("Project")
        handle = gateway.deleteObjects("Project", [project], deleteAnns=True, deleteChildren=True, dryRun=True)
        gateway._waitOnCmd(handle)
        answer = handle.getResponse()
        handle.close()
        assert isinstance(answer, omero.cmd.Delete2Response), answer
        assert "ome.model.containers.Project" in answer.deletedObjects, answer.deletedObjects
        found = names(answer.deletedObjects)
        equal(found["Project"], [project])
        equal((len(found["Dataset"]), len(found["Image"]), len(found["Pixels"])), (2, 6, 6))
        equal(len(found["DatasetImageLink"]), 6)
        equal(data.counts(*CONTENTS), before)


def check_children_and_tags_stay_unless_asked_for(server):
    with server.sample("sample-member", "sample-read-annotate") as gateway:
        data = Data(gateway, server.users["sample-member"], server.groups["sample-read-annotate"])
        before = data.counts(*CONTENTS)
        project = data.one("Project")
        gateway.deleteObjects("Project", [project], wait=True)
        equal(gateway.getObject("Project", project), None)
        after = data.counts(*CONTENTS)
        equal(after, dict(before, Project=0, ProjectDatasetLink=0))


def check_project_with_all_its_content(server):
    with server.sample("sample-member", "sample-read-only") as gateway:
        data = Data(gateway, server.users["sample-member"], server.groups["sample-read-only"])
        before = data.counts("Dataset", "Image", "TagAnnotation")
        project = data.one("Project")
        gateway.deleteObjects("Project", [project], deleteAnns=True, deleteChildren=True, wait=True)
        after = data.counts("Project", "Dataset", "Image", "TagAnnotation", "CommentAnnotation", "MapAnnotation",
                            "LongAnnotation", "ImageAnnotationLink", "ProjectDatasetLink", "DatasetImageLink")
        equal(after, {
            # The empty dataset, the image in no dataset and those of the plate; the tags are in a set.
            "Project": 0, "Dataset": before["Dataset"] - 2, "Image": before["Image"] - 6,
            "TagAnnotation": before["TagAnnotation"], "CommentAnnotation": 0, "MapAnnotation": 0,
            "LongAnnotation": 0, "ImageAnnotationLink": 0, "ProjectDatasetLink": 0, "DatasetImageLink": 0})
        tags = data.ids("TagAnnotation")
        gateway.deleteObjects("TagAnnotation", tags, deleteAnns=True, wait=True)
        equal(data.counts("TagAnnotation", "AnnotationAnnotationLink"), {
            "TagAnnotation": 0, "AnnotationAnnotationLink": 0})


def check_screen_with_plate_wells_and_images(server):
    with server.sample("sample-member", "sample-read-only") as gateway:
        data = Data(gateway, server.users["sample-member"], server.groups["sample-read-only"])
        field = data.one("WellSample")
        image = gateway.getQueryService().projection(
            "select s.image.id from WellSample s where s.id = %d" % field, None)[0][0].val
        error = raises(omero.CmdError, lambda: gateway.deleteObjects("Image", [image], wait=True))
        assert isinstance(error.err, omero.cmd.GraphException), error.err
        equal((error.err.name, error.err.category), ("graph-fail", "::omero::cmd::Delete2"))
        equal(error.err.message, "may not delete Image[%d] while WellSample[%d] remains" % (image, field))
        equal(error.err.parameters["message"], error.err.message)
        gateway.deleteObjects("Screen", data.ids("Screen"), deleteAnns=True, deleteChildren=True, wait=True)
        equal(data.counts("Screen", "ScreenPlateLink", "Plate", "Well", "WellSample", "PlateAcquisition", "Image"), {
            "Screen": 0, "ScreenPlateLink": 0, "Plate": 1, "Well": 0, "WellSample": 0, "PlateAcquisition": 0,
            "Image": 1})


def check_others_are_refused_by_name(server):
    with server.sample("sample-reader") as gateway:
        theirs = Data(gateway, server.users["sample-leader"], server.groups["sample-read-only"])
        before = theirs.counts("Project", "Dataset")
        project = theirs.one("Project")
        error = raises(omero.CmdError, lambda: gateway.deleteObjects("Project", [project], wait=True))
        assert error.err.message.startswith("not permitted to delete "), error.err.message
        assert "Project[%d]" % project in error.err.message, error.err.message
        equal(theirs.counts("Project", "Dataset"), before)
        hidden = Delete2(targetObjects={"Project": [10 ** 9]})
        error = raises(omero.CmdError, gateway.c.submit, hidden)
        assert error.err.message.startswith("cannot read all the specified objects of class Project"), error.err.message
        wrong = raises(omero.CmdError, gateway.c.submit, Delete2(targetObjects={"Experimenter": [0]}))
        equal((wrong.err.name, wrong.err.parameters["message"]), ("bad-target", "cannot target Experimenter"))
        odd = Delete2(targetObjects={"Project": [project]}, childOptions=[omero.cmd.graphs.ChildOption()])
        error = raises(omero.CmdError, gateway.c.submit, odd)
        equal(error.err.message, "child option must include or exclude some type")


def check_several_requests_are_one_transaction(server):
    with server.sample("sample-reader") as gateway:
        data = Data(gateway, server.users["sample-reader"], server.groups["sample-read-only"])
        theirs = Data(gateway, server.users["sample-leader"], server.groups["sample-read-only"])
        before = data.counts("Dataset", "Image")
        both = DoAll(requests=[
            Delete2(targetObjects={"Dataset": data.ids("Dataset")}),
            Delete2(targetObjects={"Dataset": theirs.ids("Dataset")})])
        raises(omero.CmdError, gateway.c.submit, both)
        equal(data.counts("Dataset", "Image"), before)
        unknown = DoAll(requests=[Delete2(targetObjects={"Dataset": data.ids("Dataset")}), omero.cmd.Duplicate()])
        error = raises(omero.CmdError, gateway.c.submit, unknown).err
        assert "Duplicate is not supported" in error.parameters["message"], error.parameters
        equal(data.counts("Dataset", "Image"), before)
        mine = DoAll(requests=[Delete2(targetObjects={"Dataset": [one]}) for one in data.ids("Dataset")])
        callback = gateway.c.submit(mine)
        answers = callback.getResponse().responses
        callback.close(True)
        equal(len(answers), before["Dataset"])
        equal(sum(len(names(answer.deletedObjects)["Dataset"]) for answer in answers), before["Dataset"])
        equal(data.count("Dataset"), 0)


def check_moving_a_project(server):
    with server.sample("sample-member") as gateway:
        user = server.users["sample-member"]
        here = Data(gateway, user, server.groups["sample-private"])
        there = Data(gateway, user, server.groups["sample-read-write"])
        before, already = here.counts(*CONTENTS), there.counts(*CONTENTS)
        project = here.one("Project")
        handle = gateway.chgrpObjects("Project", [project], server.groups["sample-read-write"])
        gateway._waitOnCmd(handle)
        answer = handle.getResponse().responses[0]
        handle.close()
        assert isinstance(answer, omero.cmd.Chgrp2Response), answer
        moved, deleted = names(answer.includedObjects), names(answer.deletedObjects)
        equal((moved["Project"], len(moved["Dataset"]), len(moved["Image"])), ([project], 2, 6))
        # The tags remain in their set, so they remain where they are, without their links to the data.
        assert "TagAnnotation" not in moved, moved
        assert set(deleted) == {"ProjectAnnotationLink", "ImageAnnotationLink"}, deleted
        after = there.counts(*CONTENTS)
        equal(after["Image"] - already["Image"], 6)
        equal(after["Channel"] - already["Channel"], len(moved["Channel"]))
        equal(here.counts("Project", "Dataset", "ProjectDatasetLink", "CommentAnnotation"), {
            "Project": 0, "Dataset": before["Dataset"] - 2, "ProjectDatasetLink": 0, "CommentAnnotation": 0})
        gateway.SERVICE_OPTS.setOmeroGroup(-1)
        moved = gateway.getObject("Project", project)
        equal(moved.getDetails().group.id.val, server.groups["sample-read-write"])
        # Each once, however many annotations it has.
        equal(len([image.getId() for dataset in moved.listChildren() for image in dataset.listChildren()]), 6)


def check_moving_is_refused(server):
    with server.sample("sample-reader") as gateway:
        data = Data(gateway, server.users["sample-reader"], server.groups["sample-read-only"])
        request = Chgrp2(targetObjects={"Image": data.ids("Image")[:1]}, groupId=server.groups["sample-private"])
        error = raises(omero.CmdError, gateway.c.submit, request)
        equal((error.err.name, error.err.category), ("not-in-group", "::omero::cmd::Chgrp2"))
    with server.sample("sample-leader") as gateway:
        theirs = Data(gateway, server.users["sample-reader"], server.groups["sample-read-only"])
        image = theirs.one("Image")
        request = Chgrp2(targetObjects={"Image": [image]}, groupId=server.groups["sample-read-write"])
        error = raises(omero.CmdError, gateway.c.submit, request)
        assert error.err.message.startswith("not permitted to move "), error.err.message
        assert "Image[%d]" % image in error.err.message, error.err.message


def check_administrators_move_and_give(server):
    with server.sample("sample-admin") as gateway:
        loner, group = server.users["sample-loner"], server.groups["sample-private"]
        data = Data(gateway, loner, group)
        project = data.one("Project")
        gateway.chownObjects("Project", [project], server.users["sample-member"], wait=True)
        after = Data(gateway, server.users["sample-member"], group)
        assert project in after.ids("Project")
        equal(data.counts("Project", "Image", "Pixels", "CommentAnnotation"), {
            "Project": 0, "Image": 6, "Pixels": 6, "CommentAnnotation": 0})  # without a dataset, and in the plate
        callback = gateway.c.submit(Chgrp2(
            targetObjects={"Dataset": data.ids("Dataset")}, groupId=server.groups["sample-read-only"]))
        equal(callback.getResponse().deletedObjects, {})
        callback.close(True)
        equal(data.count("Dataset"), 0)


def check_leaders_give_and_members_do_not(server):
    group = server.groups["sample-read-write"]
    leader, member = server.users["sample-leader"], server.users["sample-member"]
    with server.sample("sample-member", "sample-read-write") as gateway:
        dataset = Data(gateway, member, group).ids("Dataset")[0]
        # Gateways that wait in chownObjects fail by themselves when it fails.
        gift = Chown2(targetObjects={"Dataset": [dataset]}, userId=leader)
        error = raises(omero.CmdError, gateway.c.submit, gift)
        equal(error.err.message, "not an owner of any group")
    with server.sample("sample-leader", "sample-read-write") as gateway:
        theirs, own = Data(gateway, member, group), Data(gateway, leader, group)
        images = unwrap(gateway.getQueryService().projection(
            "select l.child.id from DatasetImageLink l where l.parent.id = %d" % dataset, None))
        gateway.chownObjects("Dataset", [dataset], leader, wait=True)
        assert dataset in own.ids("Dataset") and dataset not in theirs.ids("Dataset")
        for image in images:
            assert image[0] in own.ids("Image")
        stranger = server.users["sample-reader"]
        gift = Chown2(targetObjects={"Dataset": [dataset]}, userId=stranger)
        error = raises(omero.CmdError, gateway.c.submit, gift)
        assert error.err.message.startswith("not permitted to give "), error.err.message


def check_all_data_of_a_user(server):
    group = server.groups["sample-Gruppe 漢字 🔬"]
    with server.connected() as root:
        zoe, admin = server.users["sample-zoë"], server.users["sample-admin"]
        data = Data(root, zoe, group)
        before = data.counts(*CONTENTS)
        request = Chown2(targetUsers=[zoe], userId=admin, targetObjects={})
        callback = root.c.submit(request, loops=40)
        answer = callback.getResponse()
        callback.close(True)
        assert isinstance(answer, omero.cmd.Chown2Response), answer
        equal(data.counts(*CONTENTS), dict.fromkeys(CONTENTS, 0))
        equal(Data(root, admin, group).counts(*CONTENTS), before)


def check_administrators_without_the_privileges(server):
    with server.sample("sample-light-admin") as gateway:
        theirs = Data(gateway, server.users["sample-reader"], server.groups["sample-read-only"])
        image = theirs.one("Image")
        for request, says in (
                (Delete2(targetObjects={"Image": [image]}), "not permitted to delete "),
                (Chown2(targetObjects={"Image": [image]}, userId=0), "not an owner of any group")):
            error = raises(omero.CmdError, gateway.c.submit, request)
            assert error.err.message.startswith(says), error.err.message
        request = Chgrp2(targetObjects={"Image": [image]}, groupId=server.groups["sample-private"])
        equal(raises(omero.CmdError, gateway.c.submit, request).err.name, "not-in-group")


def check_types_to_ignore(server):
    with server.connected() as root:
        data = Data(root, server.users["sample-admin"], server.groups["sample-read-annotate"])
        dataset = [one for one in data.ids("Dataset")][-1]
        callback = root.c.submit(Delete2(
            targetObjects={"Dataset": [dataset]}, typesToIgnore=["Image"], dryRun=True))
        equal(names(callback.getResponse().deletedObjects), {"Dataset": [dataset]})
        callback.close(True)
        wrong = Delete2(targetObjects={"Dataset": [dataset]}, typesToIgnore=["Nothing"])
        equal(raises(omero.CmdError, root.c.submit, wrong).err.message, "unknown model object class named: Nothing")


def check_starting_further_down(server):
    with server.sample("sample-leader", "sample-private") as gateway:
        data = Data(gateway, server.users["sample-leader"], server.groups["sample-private"])
        before = data.counts("Project", "Dataset", "Image", "DatasetImageLink")
        gateway.deleteObjects("Project/Image", data.ids("Project"), deleteAnns=True, deleteChildren=True, wait=True)
        equal(data.counts("Project", "Dataset", "Image", "DatasetImageLink"), dict(
            before, Image=before["Image"] - 6, DatasetImageLink=0))
        strange = SkipHead(targetObjects={"Project": data.ids("Project")}, startFrom=["Image"])
        equal(raises(omero.CmdError, gateway.c.submit, strange).err.message,
              "SkipHead needs a Delete2, Chgrp2 or Chown2 request")


def check_parents_and_children(server):
    with server.sample("sample-admin", "sample-read-annotate") as gateway:
        data = Data(gateway, server.users["sample-admin"], server.groups["sample-read-annotate"])
        project = data.one("Project")

        def ask(request):
            callback = gateway.c.submit(request)
            answer = callback.getResponse()
            callback.close(True)
            return answer

        children = names(ask(FindChildren(
            targetObjects={"Project": [project]}, typesOfChildren=["Image", "Dataset"])).children)
        equal((len(children["Dataset"]), len(children["Image"])), (2, 6))
        parents = names(ask(FindParents(
            targetObjects={"Image": children["Image"][:1]}, typesOfParents=["Project"])).parents)
        equal(parents, {"Project": [project]})
        equal(names(ask(FindParents(targetObjects={"Image": children["Image"]}, typesOfParents=["Project"],
                                    stopBefore=["Dataset"])).parents), {})
        targets = ask(LegalGraphTargets(request=Chgrp2())).targets
        assert "ome.model.core.Image" in targets and "ome.model.meta.ExternalInfo" not in targets, targets
        error = raises(omero.CmdError, gateway.c.submit, FindChildren(targetObjects={"Project": [project]}))
        equal(error.err.name, "bad-options")


def check_unknown_requests_are_refused_by_name(server):
    with server.sample("sample-reader") as gateway:
        for request in (omero.cmd.Duplicate(), omero.cmd.DiskUsage2()):
            error = raises(omero.CmdError, gateway.c.submit, request).err
            equal((error.category, error.parameters["message"]), (
                request.ice_id(), "%s is not supported by this server" % request.ice_id()))


def check_an_image_that_was_not_imported_has_no_original_metadata(server):
    with server.sample("sample-reader") as gateway:
        image = next(iter(gateway.getObjects("Image", opts={"owner": gateway.getUserId()})))
        # Whichever group the call is in.
        for group in (image.getDetails().group.id.val, 1):
            request = omero.cmd.OriginalMetadataRequest(imageId=image.getId())
            handle = gateway.c.sf.submit(request, {"omero.group": str(group)})
            answer = gateway.c.waitOnCmd(handle).getResponse()
            equal((answer.filesetId, answer.fileAnnotationId, answer.globalMetadata, answer.seriesMetadata),
                  (None, None, {}, {}))
        fileset = omero.model.FilesetI()
        fileset.templatePrefix = omero.rtypes.rstring("made/by/a/test")
        image = gateway.getQueryService().get("Image", image.getId())
        image.fileset = gateway.getUpdateService().saveAndReturnObject(fileset)
        gateway.getUpdateService().saveObject(image)
        request = omero.cmd.OriginalMetadataRequest(imageId=image.id.val)
        error = raises(omero.CmdError, gateway.c.submit, request).err
        equal(error.parameters["message"], "reading the files of imported images is not supported by this server")


def check_requests_within_themselves(server):
    with server.sample("sample-reader") as gateway:
        ring = DoAll()
        ring.requests = [ring]
        error = raises(omero.CmdError, gateway.c.submit, ring).err
        equal((error.name, error.parameters["message"]), ("run-fail", "too many DoAll in one another"))
        ring = SkipHead(targetObjects={"Project": [1]}, startFrom=["Image"])
        ring.request = ring
        equal(raises(omero.CmdError, gateway.c.submit, ring).err.message,
              "SkipHead needs a Delete2, Chgrp2 or Chown2 request")


def check_omero_delete(server):
    with server.sample("sample-leader", "sample-read-only") as gateway:
        data = Data(gateway, server.users["sample-leader"], server.groups["sample-read-only"])
        omero_ = server.command("sample-leader", "sample-read-only")
        project, dataset = data.one("Project"), data.ids("Dataset")[0]
        before = data.counts(*CONTENTS)
        omero_("delete", "--list").expect(outs=["Dataset", "IAnnotationLink", "Project"])
        answer = omero_("delete", "Project:%d" % project, "--report", "--dry-run")
        answer.expect(outs=["omero.cmd.Delete2 Project:%d " % project, "Dry run performed", "ok", "Flags: []",
                            "Deleted objects", "  Project:%d" % project, "  Dataset:%d" % dataset])
        assert "TagAnnotation" not in answer.out, answer
        equal(data.counts(*CONTENTS), before)
        answer = omero_("delete", "Project:%d" % project, "Dataset:%d" % data.ids("Dataset")[-1], "--report")
        answer.expect(outs=["omero.cmd.Delete2 ", "ok", "  Project:%d" % project, "  Dataset:"])
        equal(data.counts("Project", "Dataset", "TagAnnotation"), {
            "Project": 0, "Dataset": 0, "TagAnnotation": before["TagAnnotation"]})
        omero_("delete", "Project:%d" % project).expect(
            errs=["failed: 'graph-fail'", "cannot read all the specified objects of class Project"])
        omero_("delete", "Screen/Plate/Image:%d" % data.one("Screen"), "--exclude", "Annotation").expect(
            errs=["may not delete Image["])


def check_omero_chgrp(server):
    with server.sample("sample-leader") as gateway:
        here = Data(gateway, server.users["sample-leader"], server.groups["sample-read-annotate"])
        there = Data(gateway, server.users["sample-leader"], server.groups["sample-private"])
        omero_ = server.command("sample-leader", "sample-read-annotate")
        screen = here.one("Screen")
        omero_("chgrp", "sample-private", "Screen:%d" % screen, "--report").expect(
            outs=["omero.cmd.Chgrp2 Screen:%d ok" % screen, "Included objects", "  Plate:", "  WellSample:"])
        assert screen in there.ids("Screen")
        equal(here.counts("Well", "WellSample", "ScreenPlateLink"), {
            "Well": 0, "WellSample": 0, "ScreenPlateLink": 0})
        omero_("chgrp", "sample-private", "Plate:%d" % there.one("Plate"), "--exclude", "Image").expect()
    reader = server.command("sample-reader")
    reader("chgrp", "sample-private", "Image:1").expect(code=197, errs=["not member of group"])


def check_omero_chown(server):
    with server.sample("sample-leader", "sample-read-annotate") as gateway:
        here = Data(gateway, server.users["sample-leader"], server.groups["sample-read-annotate"])
        there = Data(gateway, server.users["sample-member"], server.groups["sample-read-annotate"])
        omero_ = server.command("sample-leader", "sample-read-annotate")
        project = here.one("Project")
        omero_("chown", "sample-member", "Project:%d" % project, "--dry-run", "--report").expect(
            outs=["Dry run performed", "Included objects", "  Image:"])
        assert project in here.ids("Project")
        omero_("chown", "sample-member", "Project:%d" % project).expect(outs=["ok"])
        assert project in there.ids("Project")
        equal(here.count("ProjectDatasetLink"), 0)


if __name__ == "__main__":
    drive(globals(), Server)
