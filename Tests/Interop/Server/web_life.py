"""OMERO.web, unmodified, on the server under test: its container tree, its lists and panels, its JSON interface, and what
it changes. Needs the sample data."""

import argparse
import datetime
import json
import time

import web
from checks import Checks, equal

GROUPS = ("sample-private", "sample-read-only", "sample-read-annotate", "sample-read-write")


class Tree:
    """What a member sees of the sample data, by names, as the tree loads it step by step."""

    def __init__(self, browser, options):
        self.browser, self.host, self.port, self.password = browser, options.host, options.port, options.password
        self.user = browser.client.session["connector"]["user_id"]
        groups = self.json("/webclient/api/groups/")["groups"]
        self.groups = {group["name"]: group["id"] for group in groups}
        self.group = self.groups["sample-read-annotate"]

    def json(self, path, **values):
        return self.browser.json(path, **values)

    def containers(self, **values):
        return self.json("/webclient/api/containers/", group=self.group, **{"id": self.user, **values})

    def named(self, rows, name):
        found = [row for row in rows if row["name"] == name]
        assert found, "no %r among %r" % (name, [row["name"] for row in rows])
        return found[0]

    def project(self):
        return self.containers()["projects"][0]

    def dataset(self):
        return self.json("/webclient/api/datasets/", id=self.project()["id"])["datasets"][0]

    def images(self, **values):
        return self.json("/webclient/api/images/", id=self.dataset()["id"], **values)["images"]

    def screen(self):
        return self.containers()["screens"][0]

    def plate(self):
        return self.json("/webclient/api/plates/", id=self.screen()["id"])["plates"][0]

    def run(self):
        return self.json("/webclient/api/plate_acquisitions/", id=self.plate()["id"])["acquisitions"][0]

    def well(self):
        return self.json("/api/v0/m/plates/%d/wells/" % self.plate()["id"])["data"][0]["@id"]

    def tags(self):
        return self.json("/webclient/api/tags/", group=self.group, experimenter_id=self.user, orphaned="true")["tags"]


# The tree


def check_log_in_and_the_first_page(tree):
    text = tree.browser.page("/webclient/")
    assert "Mia" in text and "sample-read-annotate" in text
    for menu in ("userdata", "public", "history", "search", "usertags"):
        tree.browser.page("/webclient/%s/" % menu)
    tree.browser.page("/webclient/", show="image-%d" % tree.images()[0]["id"])
    tree.browser.page("/webclient/", show="tag.name-mitosis", status=302)
    tree.browser.page("/webclient/group_user_content/")
    equal(tree.browser.page("/webclient/keepalive_ping/"), "OK")


def check_groups_and_users(tree):
    equal(set(GROUPS) <= set(tree.groups), True)
    tree.json("/webclient/api/groups/", member=tree.user, page=1, limit=2)
    # The user alone, in one group, and all members of it (-1).
    person = tree.json("/webclient/api/experimenters/%d/" % tree.user)["experimenter"]
    equal((person["omeName"], person["lastName"]), ("sample-member", "Mehrere"))
    members = tree.json("/webclient/api/experimenters/-1/")
    assert members


def check_containers(tree):
    found = tree.containers()
    equal(len(found["projects"]), 1)
    equal([found["projects"][0]["name"], found["projects"][0]["childCount"]], ["Mia's Projekt ☃", 2])
    equal([row["name"] for row in found["datasets"]], ["Leer"])
    equal([row["name"] for row in found["screens"]], ["Mia's Screen Ω"])
    equal([row["name"] for row in found["plates"]], ["Platte ohne Screen"])
    equal(found["orphaned"]["childCount"], 1)
    equal("canLink" in found["projects"][0]["permsCss"], True)
    everyone = tree.containers(id=-1)
    equal(len(everyone["projects"]) > 1, True)
    equal(len(tree.json("/webclient/api/containers/", id=tree.user, group=-1)["projects"]), 4)
    equal(len(tree.containers(id=-1, page=1, limit=1)["projects"]), 1)


def check_datasets_and_images(tree):
    rows = tree.json("/webclient/api/datasets/", id=tree.project()["id"], group=tree.group)["datasets"]
    equal([row["name"] for row in rows], ["Mitose – Übersicht", "有糸分裂"])
    equal([row["childCount"] for row in rows], [3, 3])
    rows = tree.images(sizeXYZ="true", date="true", thumbVersion="true", group=tree.group)
    equal([row["name"] for row in rows], ["Zelle_1-%d.tif" % n for n in (1, 2, 3)])
    equal((rows[0]["sizeX"], rows[0]["sizeY"], rows[0]["sizeZ"]), (64, 48, 5))
    assert rows[0]["acqDate"].startswith("2020-01-01"), rows[0]
    second = tree.images(page=2, limit=2)
    equal([row["name"] for row in second], ["Zelle_1-3.tif"])
    orphans = tree.json("/webclient/api/images/", orphaned="true", experimenter_id=tree.user, group=tree.group,
                        sizeXYZ="true", date="true", thumbVersion="true")["images"]
    equal([row["name"] for row in orphans], ["Waise ohne Dataset.ome.tiff"])


def check_plates_and_runs(tree):
    equal(tree.plate()["name"], "Platte 1")
    equal([row["name"] for row in tree.json("/webclient/api/plate_acquisitions/", id=tree.plate()["id"])["acquisitions"]],
          ["Lauf 1"])
    for page in ("/webclient/load_plate/plate/%d/" % tree.plate()["id"],
                 "/webclient/load_plate/acquisition/%d/" % tree.run()["id"]):
        tree.browser.page(page)
    grid = tree.json("/webgateway/plate/%d/0/" % tree.plate()["id"])
    equal([well and well["name"] for well in grid["grid"][0][:4]],
          ["Platte 1 [Well A1]", "Platte 1 [Well A2]", "Platte 1 [Well A3]", None])
    tree.json("/webgateway/plate/%d/0/%d/" % (tree.plate()["id"], tree.run()["id"]))
    equal(len(tree.json("/webgateway/well/%d/children/" % tree.well())), 1)
    tree.json("/webgateway/wellData/%d/" % tree.well())


def check_tags(tree):
    tags = tree.tags()
    sets = [tag for tag in tags if tag["set"]]
    equal([tag["value"] for tag in sets], ["Mia's Tags"])
    inside = tree.json("/webclient/api/tags/", id=sets[0]["id"], group=tree.group)
    equal(sorted(tag["value"] for tag in inside["tags"]), ["mitosis", "prüfen ✔︎"])
    tag = [tag for tag in inside["tags"] if tag["value"] == "mitosis"][0]
    tagged = tree.json("/webclient/api/tags/", id=tag["id"], group=tree.group, sizeXYZ="true", date="true")
    equal((len(tagged["projects"]), len(tagged["images"]), tagged["screens"]), (1, 2, []))
    tree.json("/webclient/api/tags/", group=tree.group)
    tree.json("/webclient/api/tags/", group=tree.group, experimenter_id=-1, orphaned="true")
    tree.json("/webclient/api/tags/", id=tag["id"], experimenter_id=tree.user)
    tree.json("/webclient/api/paths_to_object/", tag=tag["id"])
    tree.json("/webclient/api/paths_to_object/", tagset=sets[0]["id"], tag=tag["id"], experimenter=tree.user)
    form = tree.json("/webclient/marshal_tagging_form_data/", jsonmode="tagcount", group=tree.group,
                     image=tree.images()[0]["id"])
    assert form["tag_count"] >= 2, form
    for mode in ("tags", "desc", "owners"):
        tree.json("/webclient/marshal_tagging_form_data/", jsonmode=mode, offset=0, limit=10, group=tree.group)


def check_paths_to_objects(tree):
    image = tree.images()[0]["id"]
    paths = tree.json("/webclient/api/paths_to_object/", image=image)["paths"]
    equal([step["type"] for step in paths[0]], ["experimenter", "project", "dataset", "image"])
    for kind, number in (("project", tree.project()["id"]), ("dataset", tree.dataset()["id"]),
                         ("screen", tree.screen()["id"]), ("plate", tree.plate()["id"]), ("run", tree.run()["id"]),
                         ("acquisition", tree.run()["id"]), ("well", tree.well())):
        assert tree.json("/webclient/api/paths_to_object/", **{kind: number})["paths"], kind
    for more in ({"experimenter": tree.user}, {"group": tree.group, "page_size": 2}, {"project": tree.project()["id"]},
                 {"dataset": tree.dataset()["id"]}):
        tree.json("/webclient/api/paths_to_object/", image=image, **more)
    orphan = tree.json("/webclient/api/images/", orphaned="true", experimenter_id=tree.user)["images"][0]
    tree.json("/webclient/api/paths_to_object/", image=orphan["id"])
    well_image = tree.json("/webgateway/plate/%d/0/" % tree.plate()["id"])["grid"][0][0]["id"]
    paths = tree.json("/webclient/api/paths_to_object/", image=well_image)["paths"]
    equal("plate" in [step["type"] for step in paths[0]], True)


def check_parent_links_and_filesets(tree):
    links = tree.json("/webclient/api/parent_links/", image=tree.images()[0]["id"])["data"]
    equal([(link["parent"]["type"], link["parent"]["id"]) for link in links], [("dataset", tree.dataset()["id"])])
    tree.json("/webclient/api/parent_links/", dataset=tree.dataset()["id"])
    tree.json("/webclient/api/parent_links/", plate=tree.plate()["id"])
    for action in ("delete", "chgrp"):
        tree.browser.page("/webclient/fileset_check/%s/" % action, image=tree.images()[0]["id"],
                          dataset=tree.dataset()["id"])


def check_shares(tree):
    tree.json("/webclient/api/shares/")
    tree.json("/webclient/api/shares/", member_id=tree.user, owner_id=tree.user)


def check_annotations(tree):
    image = tree.images()[0]["id"]
    for kind in ("tag", "map", "comment", "rating", "file", "custom"):
        found = tree.json("/webclient/api/annotations/", type=kind, image=image)
        assert kind in ("file", "custom") or found["annotations"], kind
    found = tree.json("/webclient/api/annotations/", type="map", image=image)["annotations"]
    equal(found[0]["values"], [["Gene", "CDC20"], ["Gene", "β-actin"], ["", ""]])
    for kind, number in (("project", tree.project()["id"]), ("dataset", tree.dataset()["id"]),
                         ("screen", tree.screen()["id"]), ("plate", tree.plate()["id"]), ("well", tree.well()),
                         ("acquisition", tree.run()["id"])):
        tree.json("/webclient/api/annotations/", **{kind: number})
        tree.json("/webclient/api/annotations/", parents="true", **{kind: number})
    tree.json("/webclient/api/annotations/", image=image, parents="true", ns="x")
    for kind, number in (("project", tree.project()["id"]), ("image", image)):
        tree.json("/webgateway/annotations/%s/%d/" % (kind.capitalize(), number))


# Panels on the right, history, search


def check_details(tree):
    image = tree.images()[0]["id"]
    kinds = [("project", tree.project()["id"]), ("dataset", tree.dataset()["id"]), ("image", image),
             ("screen", tree.screen()["id"]), ("plate", tree.plate()["id"]), ("acquisition", tree.run()["id"]),
             ("well", tree.well()), ("tag", tree.tags()[0]["id"])]
    for kind, number in kinds:
        assert "<" in tree.browser.page("/webclient/metadata_details/%s/%d/" % (kind, number)), kind
    for kind, number in kinds[:-1]:
        tree.browser.page("/webclient/metadata_hierarchy/%s/%d/" % (kind, number))
    tree.browser.page("/webclient/batch_annotate/", image=image)


def check_moving_is_prepared(tree):
    image = tree.images()[0]["id"]
    tree.json("/webclient/load_chgrp_groups/", Image=image)
    tree.browser.page("/webclient/load_chgrp_target/%d/dataset/" % tree.groups["sample-private"])
    tree.browser.page("/webclient/load_chgrp_target/%d/project/" % tree.groups["sample-private"])
    tree.browser.page("/webclient/load_chgrp_target/%d/screen/" % tree.groups["sample-private"])


def check_moving_an_image_that_is_in_no_dataset(tree):
    """What else the tree has to load again is asked for by queries whose only column is null here."""
    image = tree.json("/webclient/api/images/", orphaned="true", experimenter_id=tree.user, group=tree.group)["images"][0]
    for target in (tree.groups["sample-private"], tree.group):
        answer = json.loads(tree.browser.post("/webclient/chgrp/", {"Image": image["id"], "group_id": target}))
        equal((answer["update"]["childless"]["orphaned"], answer["update"]["remove"]["image"]), (True, [image["id"]]))
        wait_for_activities(tree)
        rows = tree.json("/webclient/api/images/", orphaned="true", experimenter_id=tree.user, group=target)["images"]
        equal(image["id"] in [row["id"] for row in rows], True, target)


def check_regions(tree):
    import omero.model
    from omero.gateway import BlitzGateway
    from omero.rtypes import rdouble, rint, rstring

    image = tree.images()[0]["id"]
    with BlitzGateway("sample-member", "member-2", host=tree.host, port=tree.port, secure=True) as gateway:
        roi = omero.model.RoiI()
        roi.image = omero.model.ImageI(image, False)
        for plane in (0, 1):
            shape = omero.model.RectangleI()
            shape.x, shape.y, shape.width, shape.height = rdouble(1), rdouble(2.5), rdouble(10), rdouble(20)
            shape.theZ, shape.theT, shape.textValue = rint(plane), rint(0), rstring("cell %d" % plane)
            roi.addShape(shape)
        roi = gateway.getUpdateService().saveAndReturnObject(roi)
        service = gateway.getRoiService()
        equal([len(r.copyShapes()) for r in service.findByPlane(image, 1, 0, None).rois], [1])
        equal([r.id.val for r in service.findByRoi(roi.id.val, None).rois], [roi.id.val])
    found = tree.json("/webgateway/get_rois_json/%d/" % image)
    equal([[shape["textValue"] for shape in row["shapes"]] for row in found], [["cell 0", "cell 1"]])
    equal(found[0]["shapes"][0]["x"], 1.0)
    number, shape = found[0]["id"], found[0]["shapes"][0]["id"]
    tree.json("/webgateway/get_shape_json/%d/%d/" % (number, shape))
    for path in ("rois/%d" % number, "shapes/%d" % shape, "images/%d/rois" % image):
        tree.json("/api/v0/m/%s/" % path)
    tree.json("/webclient/api/paths_to_object/", roi=number)
    tree.json("/webclient/api/paths_to_object/", shape=shape)


def check_gateway_lists(tree):
    rows = tree.json("/webgateway/proj/list/")
    assert rows
    project, dataset, image = tree.project()["id"], tree.dataset()["id"], tree.images()[0]["id"]
    for page in ("proj/%d/detail/" % project, "proj/%d/children/" % project, "dataset/%d/detail/" % dataset,
                 "dataset/%d/children/" % dataset, "get_rois_json/%d/" % image, "original_file_paths/%d/" % image,
                 "get_image_rdefs_json/%d/" % image):
        tree.json("/webgateway/" + page)


# The JSON interface


def check_json_lists(tree):
    project, dataset, image = tree.project()["id"], tree.dataset()["id"], tree.images()[0]["id"]
    screen, plate, run, well = tree.screen()["id"], tree.plate()["id"], tree.run()["id"], tree.well()
    lists = ["projects", "datasets", "images", "screens", "plates", "wells", "rois", "shapes", "experimenters",
             "experimentergroups", "projects/%d/datasets" % project, "datasets/%d/images" % dataset,
             "datasets/%d/projects" % dataset, "images/%d/datasets" % image, "screens/%d/plates" % screen,
             "plates/%d/screens" % plate, "plates/%d/wells" % plate, "plates/%d/plateacquisitions" % plate,
             "plateacquisitions/%d/wells" % run, "plates/%d/wellsampleindex/0/wells" % plate,
             "plateacquisitions/%d/wellsampleindex/0/wells" % run, "wells/%d/plates" % well, "images/%d/rois" % image,
             "experimenters/%d/experimentergroups" % tree.user, "experimentergroups/%d/experimenters" % tree.group]
    for path in lists:
        found = tree.json("/api/v0/m/%s/" % path)
        equal(found["meta"]["totalCount"] >= len(found["data"]), True, path)
        for row in found["data"]:
            details = row["omero:details"]
            equal("group" not in details or details["group"]["Name"] in tree.groups, True, path)
        # Users and groups have no owner, which OMERO.web's normalizing takes for granted.
        more = {} if path.startswith("experimenter") or path.endswith("groups") else {"normalize": "true"}
        tree.json("/api/v0/m/%s/" % path, limit=1, offset=1, childCount="true", owner=tree.user, group=tree.group, **more)
    for more in ({"orphaned": "true"}, {"experimenter": tree.user}, {"owner": -1}, {"group": -1},
                 {"experimenter": -1, "childCount": "true"}):
        for path in ("datasets", "images", "plates"):
            tree.json("/api/v0/m/%s/" % path, **more)
    tree.json("/api/v0/m/images/", orphaned="true", childCount="true")
    objects = ["projects/%d" % project, "datasets/%d" % dataset, "images/%d" % image, "screens/%d" % screen,
               "plates/%d" % plate, "wells/%d" % well, "plateacquisitions/%d" % run, "experimenters/%d" % tree.user,
               "experimentergroups/%d" % tree.group]
    for path in objects:
        found = tree.json("/api/v0/m/%s/" % path)["data"]
        equal(found["@id"], int(path.split("/")[1]), path)
    found = tree.json("/api/v0/m/images/%d/" % image)["data"]
    equal((found["Pixels"]["SizeX"], len(found["Pixels"]["Channels"])), (64, 1))


def check_json_changes(tree):
    schema = "http://www.openmicroscopy.org/Schemas/OME/2016-06#"
    made = json.loads(tree.browser.post(
        "/api/v0/m/save/?group=%d" % tree.group, {"@type": schema + "Project", "Name": "By JSON ☃"}, status=201,
        as_json=True))["data"]
    made["Name"] = "Renamed by JSON"
    saved = json.loads(tree.browser.post("/api/v0/m/save/", made, as_json=True, method="put"))["data"]
    equal((saved["Name"], saved["@id"]), ("Renamed by JSON", made["@id"]))
    tree.browser.client.delete("/api/v0/m/projects/%d/" % made["@id"])
    tree.browser.page("/api/v0/m/projects/%d/" % made["@id"], status=404)


# Changes


def check_containers_are_made_and_linked(tree):
    make = "/webclient/action/addnewcontainer/"
    project = json.loads(tree.browser.post(make, {"folder_type": "project", "name": "Web ☃", "description": "d"}))["id"]
    dataset = json.loads(tree.browser.post(
        make + "project/%d/" % project, {"folder_type": "dataset", "name": "In it"}))["id"]
    rows = tree.json("/webclient/api/datasets/", id=project)["datasets"]
    equal([row["id"] for row in rows], [dataset])
    image = tree.json("/webclient/api/images/", orphaned="true", experimenter_id=tree.user)["images"][0]["id"]
    link = {"dataset": {str(dataset): {"image": [image]}}}
    equal(json.loads(tree.browser.post("/webclient/api/links/", link, as_json=True))["success"], True)
    equal([row["id"] for row in tree.json("/webclient/api/images/", id=dataset)["images"]], [image])
    tree.browser.post("/webclient/action/savename/project/%d/" % project, {"name": "Web renamed"})
    tree.browser.post("/webclient/action/savedescription/project/%d/" % project, {"description": "other"})
    equal(tree.named(tree.containers()["projects"], "Web renamed")["id"], project)
    tree.browser.post("/webclient/api/links/", link, as_json=True, method="delete")
    equal(tree.json("/webclient/api/images/", id=dataset)["images"], [])
    tree.browser.post("/webclient/action/deletemany/", {"project": [project], "dataset": [dataset]})
    wait_for_activities(tree)
    equal([row["name"] for row in tree.containers()["projects"]], ["Mia's Projekt ☃"])


def wait_for_activities(tree):
    for _ in range(200):
        if not tree.json("/webclient/activities_json/").get("inprogress"):
            break
        time.sleep(0.05)
    tree.browser.page("/webclient/activities/")


def check_annotating(tree):
    image = tree.images()[1]["id"]
    tree.browser.post("/webclient/annotate_comment/", {"image": image, "comment": "from the web 🔬"})
    tree.browser.post("/webclient/annotate_rating/", {"image": image, "rating": 3})
    tree.browser.post("/webclient/annotate_map/", {
        "image": image, "mapAnnotation": json.dumps([["a", "1"], ["b", "ü"]]),
        "ns": "openmicroscopy.org/omero/client/mapAnnotation"})
    comments = tree.json("/webclient/api/annotations/", type="comment", image=image)["annotations"]
    equal([row["textValue"] for row in comments], ["from the web 🔬"])
    equal(tree.json("/webclient/api/annotations/", type="rating", image=image)["annotations"][0]["longValue"], 3)
    maps = tree.json("/webclient/api/annotations/", type="map", image=image)["annotations"]
    equal(maps[0]["values"], [["a", "1"], ["b", "ü"]])
    number = comments[0]["id"]
    tree.browser.post("/webclient/action/remove/comment/%d/" % number, {"parent": "image-%d" % image})
    equal(tree.json("/webclient/api/annotations/", type="comment", image=image)["annotations"], [])


def check_another_active_group(tree):
    tree.browser.page("/webclient/active_group/", status=302, active_group=tree.groups["sample-private"])
    tree.browser.page("/webclient/active_group/", status=302, active_group=tree.group)


def check_administration(tree):
    for page in ("myaccount/", "stats/"):
        tree.browser.page("/webadmin/" + page)
    admin = web.Browser("root", tree.password)
    for page in ("experimenters/", "groups/", "experimenter/edit/%d/" % tree.user, "group/edit/%d/" % tree.group,
                 "experimenter/new/", "group/new/"):
        admin.page("/webadmin/" + page)
    admin.json("/webclient/api/containers/", group=tree.group, id=-1)
    admin.page("/webadmin/stats/")
    shares = admin.json("/webadmin/drivespace_json/users/")
    assert tree.user in [row["userId"] for row in shares] and all(row["data"] > 0 for row in shares), shares
    assert tree.group in [row["groupId"] for row in admin.json("/webadmin/drivespace_json/groups/")]
    admin.log_out()


def check_the_own_account_and_history(tree):
    assert "sample-member" in tree.browser.page("/webadmin/myaccount/")
    dataset = tree.dataset()
    now = datetime.datetime.now()
    # It was made before this began: yesterday, at midnight.
    days = [now, now - datetime.timedelta(days=1)]
    month = "".join(tree.browser.page("/webclient/load_calendar/%d/%d/" % (d.year, d.month)) for d in days)
    assert "folder_image16.png" in month, "what was made in these months"
    made = "".join(
        tree.browser.page("/webclient/load_history/%d/%d/%d/" % (d.year, d.month, d.day)) for d in days)
    assert 'id="dataset-%d"' % dataset["id"] in made, "what was made on these days"
    images = tree.browser.page("/webclient/load_history/2020/1/1/")
    assert 'id="image-%d"' % tree.images()[0]["id"] in images, "the day of their acquisition"


CHECKS = [value for name, value in list(globals().items()) if name.startswith("check_")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--password", default="omero")
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    web.prepare(options.host, options.port)
    tree = Tree(web.Browser("sample-member", "member-2"), options)
    Checks().run([check for check in CHECKS if options.only in check.__name__], tree).end()


if __name__ == "__main__":
    main()
