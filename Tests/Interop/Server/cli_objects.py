"""The `omero` command, unmodified, against the server under test: objects and tags. See cli.py."""

from checks import drive, equal
from cli_life import Server


def new(person, kind, *settings):
    return person("obj", "new", kind, *settings).expect().out.strip()


def check_new_objects(server):
    person, _, _ = server.member()
    project = new(person, "Project", "name=Première ☃", "description=with words")
    kind, number = project.split(":")
    equal(kind, "Project")
    assert int(number) > 0
    person("obj", "get", project, "name").expect(out="Première ☃")
    person("obj", "get", project, "description").expect(out="with words")
    person("obj", "get", project).expect(outs=["name=Première ☃", "version=0"])
    dataset = new(person, "Dataset", "name=data")
    link = new(person, "ProjectDatasetLink", "parent=" + project, "child=" + dataset)
    assert link.startswith("ProjectDatasetLink:")
    person("obj", "new", "ProjectDatasetLink", "parent=" + project, "child=" + dataset).expect(
        code=336, errs=["Failed to create ProjectDatasetLink"])
    person("hql", "-q", "--style", "csv", "select count(x) from ProjectDatasetLink x where x.parent.id = " + number).expect(
        outs=["1"])


def check_changed_objects(server):
    person, _, _ = server.member()
    project = new(person, "Project", "name=one")
    person("obj", "update", project, "name=two", "description=new").expect(out=project)
    person("obj", "get", project, "name").expect(out="two")
    person("obj", "null", project, "description").expect(out=project)
    person("obj", "get", project, "description").expect(out="")
    person("obj", "get", project, "version").expect(out="2")
    person("obj", "null", project, "name").expect(code=336, errs=["must have a value"])
    other, _, _ = server.member()
    other("obj", "update", project, "name=mine").expect(code=334, errs=["No object found"])
    person("obj", "get", project, "name").expect(out="two")


def check_maps_and_lists(server):
    person, _, _ = server.member()
    annotation = new(person, "MapAnnotation", "ns=example.org/map")
    person("obj", "map-set", annotation, "mapValue", "Gene", "CDC20").expect(out=annotation)
    person("obj", "map-set", annotation, "mapValue", "Stain", "β-actin").expect(out=annotation)
    person("obj", "map-get", annotation, "mapValue", "Stain").expect(out="β-actin")
    person("obj", "map-set", annotation, "mapValue", "Gene", "TP53").expect(out=annotation)
    person("obj", "map-get", annotation, "mapValue", "Gene").expect(out="TP53")
    person("obj", "list-get", annotation, "mapValue", "1").expect(out="(Stain,β-actin)")


def check_external_information(server):
    person, _, _ = server.member()
    project = new(person, "Project", "name=foreign")
    person("obj", "ext-info-set", project, "5", "example.org.Thing", "urn:lsid:example.org:thing:5").expect()
    person("obj", "ext-info-get", project).expect(outs=["urn:lsid:example.org:thing:5", "example.org.Thing"])
    person("obj", "ext-info-set", project, "6", "example.org.Other").expect()
    person("obj", "ext-info-get", project, "entityId").expect(out="6")
    person("hql", "-q", "--style", "csv", "select count(x) from ExternalInfo x where x.lsid = 'urn:lsid:example.org:thing:5'"
           ).expect(outs=["0"])


def check_tags(server):
    person, (_, name), _ = server.member()
    person("tag", "create", "--name", "mitosis", "--desc", "a tag").expect()
    person("tag", "list").expect(outs=["mitosis"])
    numbers = person("hql", "-q", "--style", "csv", "--limit", "1", "select t.id from TagAnnotation t").expect().out
    tag = numbers.splitlines()[1].split(",")[1].strip()
    person("tag", "createset", "--tag", tag, "--name", "phases", "--desc", "a set").expect()
    person("tag", "listsets").expect(outs=["phases"])
    person("tag", "list").expect(outs=["phases", "mitosis"])
    project = new(person, "Project", "name=tagged")
    person("tag", "link", project, tag).expect()
    person("hql", "-q", "--style", "csv", "select l.child.id from ProjectAnnotationLink l where l.parent.id = %s"
           % project.split(":")[1]).expect(outs=[tag])


if __name__ == "__main__":
    drive(globals(), Server)
