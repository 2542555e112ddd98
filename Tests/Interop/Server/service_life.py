"""Stateful services, files, and what is left of IAdmin and ITypes, with unmodified omero-py against the server under
test."""

import hashlib
import io
import os
import tempfile
import threading
import time

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.cmd
import Glacier2
import Ice
from omero.gateway import BlitzGateway
from omero.rtypes import rbool, rint, rstring, unwrap

from checks import drive, equal, raises
from cli import Cli


class Server:
    """The server, users in a group of their own for each check."""

    def __init__(self, options):
        self.host, self.port, self.password = options.host, options.port, options.password
        self.folder = tempfile.mkdtemp(prefix="omero-services-")
        self.number = 0
        self.mark = "%x" % (os.getpid() * 1000003 % 0xFFFFF)

    def unique(self, name):
        self.number += 1
        return "%s-%s-%d" % (name, self.mark, self.number)

    def client(self, user="root", password=None):
        client = omero.client(self.host, self.port)
        client.createSession(user, password or self.password)
        return client

    def gateway(self, user="root", password=None, group=None):
        gateway = BlitzGateway(
            user, password or self.password, host=self.host, port=self.port, secure=True, group=group)
        assert gateway.connect(), gateway.getLastError()
        return gateway

    def group(self, admin, permissions="rwr---"):
        group = omero.model.ExperimenterGroupI()
        group.name = rstring(self.unique("group"))
        group.details.permissions = omero.model.PermissionsI(permissions)
        return admin.createGroup(group), group.name.val

    def user(self, admin, *groups):
        user = omero.model.ExperimenterI()
        user.omeName = rstring(self.unique("user"))
        user.firstName, user.lastName, user.ldap = rstring("Ada"), rstring("Löwe 🦁"), rbool(False)
        made = [omero.model.ExperimenterGroupI(group, False) for group in groups]
        number = admin.createExperimenterWithPassword(
            user, rstring("secret"), made[0], made[1:] + [omero.model.ExperimenterGroupI(1, False)])
        return number, user.omeName.val

    def path(self, text=None):
        self.number += 1
        path = os.path.join(self.folder, "file-%d ☃.bin" % self.number)
        if text is not None:
            with open(path, "wb") as file:
                file.write(text)
        return path


def original_file(client, name="notes.bin"):
    file = omero.model.OriginalFileI()
    file.name, file.path, file.mimetype = rstring(name), rstring("/tmp/"), rstring("application/octet-stream")
    return client.sf.getUpdateService().saveAndReturnObject(file)


BYTES = bytes(range(256)) * 500 + b"the end"

# MARK: Files


def check_upload_and_download_of_the_client(server):
    client = server.client()
    try:
        source, target = server.path(BYTES), server.path()
        file = client.upload(source, block_size=50000)
        client.download(file, target, block_size=33333)
        with open(target, "rb") as text:
            equal(text.read(), BYTES)
        stored = client.sf.getQueryService().get("OriginalFile", file.id.val)
        equal((stored.size.val, stored.hash.val), (len(BYTES), hashlib.sha1(BYTES).hexdigest()))
    finally:
        client.__del__()


def check_file_annotations_of_the_gateway(server):
    with server.gateway() as gateway:
        annotation = gateway.createFileAnnfromLocalFile(server.path(BYTES), mimetype="text/plain", ns="x/y", desc="d")
        found = gateway.getObject("FileAnnotation", annotation.getId())
        equal(found.getFileSize(), len(BYTES))
        equal(b"".join(found.getFileInChunks(buf=10000)), BYTES)
        with found.getFile().asFileObj() as file:
            file.seek(-7, os.SEEK_END)
            equal(file.read(), b"the end")
        made = gateway.createOriginalFileFromFileObj(io.BytesIO(b"abc"), "/x/", "y.txt", 3)
        equal((made.getSize(), made.getHash()), (3, hashlib.sha1(b"abc").hexdigest()))


def check_the_omero_command_uploads_and_downloads(server):
    command = Cli(server.folder + "/cli")
    command("login", "root@%s:%s" % (server.host, server.port), "-w", server.password).expect()
    answer = command("upload", server.path(b"spoken \xff")).expect()
    target = server.path()
    command("download", answer.out.strip(), target).expect(outs=["Downloading file ID: "])
    with open(target, "rb") as text:
        equal(text.read(), b"spoken \xff")
    client = server.client()
    empty = original_file(client)
    command("download", "OriginalFile:%d" % empty.id.val, server.path()).expect(
        code=67, errs=["ResourceError: the bytes of OriginalFile:%d are not on this server" % empty.id.val])
    client.__del__()


def check_one_file_through_its_store(server):
    client = server.client()
    try:
        file = original_file(client)
        store = client.sf.createRawFileStore()
        raises(omero.ApiUsageException, store.size, says="setFileId")
        equal(store.getFileId(), None)
        raises(omero.ValidationException, store.setFileId, 123456789)
        store.setFileId(file.id.val)
        equal(store.getFileId().val, file.id.val)
        equal(store.exists(), False)
        raises(omero.ResourceError, store.read, 0, 10)
        equal(store.save(), None)
        store.write(b"0123456789", 0, 10)
        store.write(b"xyz-", 12, 3)
        equal((store.exists(), store.size()), (True, 15))
        equal(store.read(8, 100), b"89\x00\x00xyz")
        equal(store.read(100, 5), b"")
        equal(store.truncate(20), False)
        equal(store.truncate(5), True)
        saved = store.save()
        equal((saved.id.val, saved.size.val, saved.hash.val, saved.hasher.value.val),
              (file.id.val, 5, hashlib.sha1(b"01234").hexdigest(), "SHA1-160"))
        equal(store.save(), None)
        for position, length in ((-1, 1), (0, -1), (0, 2 ** 31 - 1)):
            raises(omero.ApiUsageException, store.read, position, length)
        raises(omero.ApiUsageException, store.write, b"a", -1, 1)
        raises(omero.ApiUsageException, store.write, b"a", 0, 2)
        raises(omero.ApiUsageException, store.write, b"a", 2 ** 62, 1)
        raises(omero.ApiUsageException, store.truncate, -1)
        equal(store.size(), 5)
        store.write(b"5", 5, 1)
        store.close()
        # What was written is saved by closing.
        stored = client.sf.getQueryService().get("OriginalFile", file.id.val)
        equal((stored.size.val, stored.hash.val), (6, hashlib.sha1(b"012345").hexdigest()))
    finally:
        client.__del__()


def check_md5_where_the_file_asks_for_it(server):
    client = server.client()
    file = omero.model.OriginalFileI()
    file.name, file.path = rstring("a"), rstring("/")
    file.hasher = omero.model.ChecksumAlgorithmI()
    file.hasher.value = rstring("MD5-128")
    file = client.sf.getUpdateService().saveAndReturnObject(file)
    store = client.sf.createRawFileStore()
    store.setFileId(file.id.val)
    store.write(b"abc", 0, 3)
    equal(store.save().hash.val, hashlib.md5(b"abc").hexdigest())
    client.__del__()


def check_who_may_read_and_write_a_file(server):
    with server.gateway() as root:
        admin = root.getAdminService()
        (private, _), (shared, _) = server.group(admin, "rw----"), server.group(admin, "rwr---")
        owner, other = server.user(admin, shared, private), server.user(admin, shared, private)
    first, second = server.client(owner[1], "secret"), server.client(other[1], "secret")
    try:
        files = {}
        for group in (private, shared):
            first.sf.setSecurityContext(omero.model.ExperimenterGroupI(group, False))
            files[group] = original_file(first).id.val
            store = first.sf.createRawFileStore()
            store.setFileId(files[group])
            store.write(b"mine", 0, 4)
            store.close()
        store = second.sf.createRawFileStore()
        raises((omero.SecurityViolation, omero.ValidationException), store.setFileId, files[private],
               {"omero.group": str(private)})
        store.setFileId(files[shared], {"omero.group": "-1"})
        equal(store.read(0, 10), b"mine")
        raises(omero.SecurityViolation, store.write, b"yours", 0, 5)
        raises(omero.SecurityViolation, store.truncate, 0)
        store.close()
        # The policy of the server or of the group keeps what it says from others, and from the owner.
        with server.gateway() as root:
            group = root.getAdminService().getGroup(shared)
            group.setConfig([omero.model.NamedValue("omero.policy.binary_access", "-read")])
            root.getUpdateService().saveObject(group)
        store = second.sf.createRawFileStore()
        store.setFileId(files[shared], {"omero.group": "-1"})
        raises(omero.SecurityViolation, store.read, 0, 10, says="Download is restricted for OriginalFile:")
        store.close()
    finally:
        first.__del__()
        second.__del__()


def check_what_is_restricted_by_default(server):
    """Plates, wells and what is in them can't be downloaded unless the policy says so."""
    with server.gateway() as root:
        update = root.getUpdateService()
        well = omero.model.WellI()
        well.plate, well.row, well.column = named("Plate"), rint(0), rint(0)
        image = named("Image")
        sample = omero.model.WellSampleI()
        sample.image = image
        well.addWellSample(sample)
        well = update.saveAndReturnObject(well)
        alone = update.saveAndReturnObject(named("Image"))

        def restricted(kind, number):
            found = root.getQueryService().get(kind, number)
            return found.details.permissions.isRestricted(omero.constants.permissions.BINARYACCESS)

        equal([restricted("Plate", well.plate.id.val), restricted("Well", well.id.val),
               restricted("Image", well.copyWellSamples()[0].image.id.val), restricted("Image", alone.id.val)],
              [True, True, True, False])
        equal(root.getObject("Image", alone.id.val).canDownload(), True)
        equal(root.getObject("Plate", well.plate.id.val).canDownload(), False)


def check_bytes_go_with_their_file(server):
    client = server.client()
    try:
        def stored(text):
            file = client.upload(server.path(text))
            return file.id.val

        def has_bytes(number):
            # The row is gone: whether the bytes are too, only a new row of the same number could show, which there
            # never is. What can be seen is that nobody gets at them.
            store = client.sf.createRawFileStore()
            try:
                raises(omero.ValidationException, store.setFileId, number)
            finally:
                store.close()

        dry, first, second, third = stored(b"dry"), stored(b"one"), stored(b"two"), stored(b"three")
        client.submit(omero.cmd.Delete2(targetObjects={"OriginalFile": [dry]}, dryRun=True))
        store = client.sf.createRawFileStore()
        store.setFileId(dry)
        equal(store.read(0, 10), b"dry")
        store.close()
        client.submit(omero.cmd.Delete2(targetObjects={"OriginalFile": [first]}))
        client.submit(omero.cmd.DoAll([omero.cmd.Delete2(targetObjects={"OriginalFile": [second]})]))
        client.sf.getUpdateService().deleteObject(omero.model.OriginalFileI(third, False))
        for number in (first, second, third):
            has_bytes(number)
    finally:
        client.__del__()

# MARK: Stateful services


def check_names_of_stateful_services(server):
    client = server.client()
    try:
        first, second = client.sf.createRawFileStore(), client.sf.createByName("omero.api.RawFileStore")
        names = [proxy.ice_getIdentity().name for proxy in (first, second)]
        assert names[0] != names[1] and all(name.endswith("omero.api.RawFileStore") for name in names), names
        equal({proxy.ice_getIdentity().category for proxy in (first, second)}, {client.getSessionId()})
        active = client.sf.activeServices()
        assert set(names) <= set(active), active
        equal(client.sf.keepAlive(first), True)
        first.activate()
        first.passivate()
        first.close()
        equal([name in client.sf.activeServices() for name in names], [False, True])
        raises(Ice.ObjectNotExistException, first.exists)
        raises(Ice.ObjectNotExistException, first.close)
        equal(client.sf.keepAlive(first), False)
        equal(client.sf.keepAllAlive([second, first]), 2)
        second.close()
    finally:
        client.__del__()


def check_the_context_of_a_stateful_call(server):
    with server.gateway() as root:
        group, name = server.group(root.getAdminService())
        store = root.c.sf.createRawFileStore()
        context = store.getCurrentEventContext()
        equal((context.userName, context.groupName), ("root", "system"))
        context = store.getCurrentEventContext({"omero.group": str(group)})
        equal((context.groupId, context.groupName, str(context.groupPermissions)), (group, name, "rwr---"))
        equal(store.getCurrentEventContext({"omero.group": "-1"}).groupId, -1)
        store.close()


def check_services_that_are_not_there_are_refused_by_name(server):
    client = server.client()
    factory = client.sf
    for name, create in (
            ("Exporter", factory.createExporter), ("JobHandle", factory.createJobHandle),
            ("RawPixelsStore", factory.createRawPixelsStore), ("RenderingEngine", factory.createRenderingEngine),
            ("Search", factory.createSearchService), ("ThumbnailStore", factory.createThumbnailStore)):
        raises(omero.InternalException, create, says="omero.api.%s is not supported by this server" % name)
        raises(omero.InternalException, factory.createByName, "omero.api." + name, says="is not supported")
    raises(omero.ApiUsageException, factory.createByName, "omero.api.IAdmin", says="is an unknown service")
    equal(factory.getScriptService().getScriptID("/omero/figure_scripts/Figure_To_Pdf.py"), -1)
    shares = factory.getShareService()
    raises(omero.ServerError, shares.createShare, "d", None, [], [], [], True, says="createShare is not supported")
    raises(omero.ValidationException, shares.activate, 5, says="shares are not supported")
    equal(list(shares.getOwnShares(True)), [])
    equal(sorted(name[36:] for name in factory.activeServices()), ["omero.api.IScript", "omero.api.IShare"])
    client.__del__()


def check_stateful_services_outlive_their_client(server):
    client = server.client()
    key = client.getSessionId()
    store = client.sf.createRawFileStore()
    file = original_file(client)
    store.setFileId(file.id.val)
    store.write(b"begun", 0, 5)
    name = store.ice_getIdentity().name
    other = omero.client(server.host, server.port)
    factory = other.joinSession(key)
    client.closeSession()
    client.__del__()
    names = factory.activeServices()
    assert name in names and not [one for one in names if one.endswith("IUpdate")], names
    again = omero.api.RawFileStorePrx.uncheckedCast(factory.getByName(name))
    equal(again.getFileId().val, file.id.val)
    again.write(b" and ended", 5, 10)
    equal(again.save().size.val, 15)
    other.killSession()
    raises(Glacier2.PermissionDeniedException, omero.client(server.host, server.port).joinSession, key)


def check_stateful_services_keep_the_group(server):
    with server.gateway() as root:
        group, _ = server.group(root.getAdminService())
        store = root.c.sf.createRawFileStore()
        name = store.ice_getIdentity().name
        error = raises(omero.SecurityViolation, root.c.sf.setSecurityContext,
                       omero.model.ExperimenterGroupI(group, False))
        assert "has active stateful services" in error.message and name in error.message, error.message
        store.close()
        equal(root.c.sf.setSecurityContext(omero.model.ExperimenterGroupI(group, False)).id.val, 0)
        # The gateway closes all of the session before it asks.
        store = root.c.sf.createRawFileStore()
        assert root.setGroupForSession(0)
        raises(Ice.ObjectNotExistException, store.getFileId)


def check_a_guest_gets_no_stateful_service(server):
    client = server.client("guest", "guest")
    raises(omero.SecurityViolation, client.sf.createRawFileStore, says="Access denied to guest user")
    raises(omero.SecurityViolation, client.sf.createByName, "omero.api.Search", says="Access denied to guest user")
    client.killSession()

# MARK: IAdmin


def check_photo(server):
    with server.gateway() as root:
        admin = root.getAdminService()
        group, _ = server.group(admin, "rw----")
        user, other = server.user(admin, group), server.user(admin, server.group(admin)[0])
    with server.gateway(user[1], "secret") as gateway:
        admin = gateway.getAdminService()
        number = admin.uploadMyUserPhoto("me.png", "image/png", b"\x89PNG first, longer")
        equal(admin.uploadMyUserPhoto("me2.jpg", "image/jpeg", b"second"), number)
        raises(omero.ApiUsageException, admin.uploadMyUserPhoto, "me.png", "image/png", b"")
        raises(omero.SecurityViolation, admin.getMyUserPhotos, says="allows no remote access")
    # Everybody sees it, whatever group they are in.
    with server.gateway(other[1], "secret") as gateway:
        found = gateway.getMetadataService().loadAnnotations(
            "Experimenter", [user[0]], ["FileAnnotation"], [], None, {"omero.group": "-1"})[user[0]]
        equal([(one.file.id.val, unwrap(one.ns), one.file.name.val) for one in found],
              [(number, "openmicroscopy.org/omero/experimenter/photo", "me2.jpg")])
        store = gateway.c.sf.createRawFileStore()
        store.setFileId(number)
        equal(store.read(0, store.size()), b"second")
        raises(omero.SecurityViolation, store.write, b"x", 0, 1)
        store.close()


def check_changing_owner_and_group(server):
    with server.gateway() as root:
        admin = root.getAdminService()
        (first, first_name), (second, second_name) = server.group(admin), server.group(admin)
        number, name = server.user(admin, first, second)
        other, other_name = server.user(admin, first)

        def place(number):
            project = root.getQueryService().get("Project", number, {"omero.group": "-1"})
            return project.details.owner.id.val, project.details.group.id.val

        with server.gateway(name, "secret") as gateway:
            mine = gateway.getAdminService()
            project = gateway.getUpdateService().saveAndReturnObject(named("Project"))
            raises(omero.SecurityViolation, mine.changeOwner, project, other_name)
            raises(omero.SecurityViolation, mine.changeGroup, project, "user")
            raises(omero.ApiUsageException, mine.changeGroup, project, "no-such-group", says="No such group")
            mine.changeGroup(project, second_name)
            equal(place(project.id.val), (number, second))
            mine.changeGroup(project, first_name)
            # A link to what stays is in the way.
            dataset = gateway.getUpdateService().saveAndReturnObject(named("Dataset"))
            link = omero.model.ProjectDatasetLinkI()
            link.parent, link.child = project.proxy(), dataset.proxy()
            gateway.getUpdateService().saveObject(link)
            raises(omero.SecurityViolation, mine.changeGroup, dataset, second_name, says="Locks: ")
        with server.gateway(other_name, "secret") as gateway:
            raises(omero.SecurityViolation, gateway.getAdminService().changeGroup, project, first_name)
            raises(omero.SecurityViolation, gateway.getAdminService().moveToCommonSpace, [project])
        admin.changeOwner(project, other_name)
        equal(place(project.id.val), (other, first))
        raises(omero.ApiUsageException, admin.changeOwner, project, "nobody", says="No such experimenter")
        file = omero.model.OriginalFileI()
        file.name, file.path = rstring("a"), rstring("/")
        file = root.getUpdateService().saveAndReturnObject(file, {"omero.group": str(first)})
        admin.moveToCommonSpace([file])
        admin.moveToCommonSpace([file])
        equal(root.getQueryService().get("OriginalFile", file.id.val).details.group.id.val, 1)


def named(kind):
    made = getattr(omero.model, kind + "I")()
    made.name = rstring("x")
    return made


def check_permissions_of_a_group_through_iadmin(server):
    with server.gateway() as root:
        admin = root.getAdminService()
        group, name = server.group(admin, "rwrw--")
        _, user = server.user(admin, group)
        admin.changePermissions(omero.model.ExperimenterGroupI(group, False), omero.model.PermissionsI("rwr---"))
        equal(str(admin.getGroup(group).details.permissions), "rwr---")
        raises(omero.SecurityViolation, admin.changePermissions, root.getUpdateService().saveAndReturnObject(
            named("Project")), omero.model.PermissionsI("rwr---"), says="Only groups allowed")
    with server.gateway(user, "secret") as gateway:
        raises(omero.SecurityViolation, gateway.getAdminService().changePermissions,
               omero.model.ExperimenterGroupI(group, False), omero.model.PermissionsI("rwrw--"))

# MARK: ITypes


def check_entries_of_enumerations(server):
    with server.gateway() as root:
        types = root.getTypesService()
        entry = omero.model.ExperimentTypeI()
        entry.value = rstring(server.unique("type"))
        made = types.createEnumeration(entry)
        made.value = rstring(server.unique("renamed"))
        equal(types.updateEnumeration(made).value.val, made.value.val)
        made.value = rstring("FRET")
        raises(omero.ValidationException, types.updateEnumeration, made)
        made.value = rstring(server.unique("third"))
        types.updateEnumerations([made])
        values = [one.value.val for one in types.allEnumerations("ExperimentType")]
        assert made.value.val in values, values
        originals = [one.value.val for one in types.getOriginalEnumerations()]
        assert made.value.val not in originals and "FRET" in originals
        types.deleteEnumeration(made)
        raises(omero.ValidationException, types.deleteEnumeration, made)
        types.createEnumeration(entry)
        fret = types.getEnumeration("ExperimentType", "FRET")
        types.deleteEnumeration(fret)
        types.resetEnumerations("ExperimentType")
        values = [one.value.val for one in types.allEnumerations("ExperimentType")]
        assert "FRET" in values and entry.value.val not in values, values
        # What is used stays.
        used = types.getEnumeration("EventType", "Internal")
        raises(omero.ValidationException, types.deleteEnumeration, used)
        group, _ = server.group(root.getAdminService())
        _, name = server.user(root.getAdminService(), group)
    with server.gateway(name, "secret") as gateway:
        raises(omero.SecurityViolation, gateway.getTypesService().resetEnumerations, "ExperimentType")

# MARK: Log-ins that fail


def check_failed_log_ins_are_slowed_for_their_account_only(server):
    with server.gateway() as root:
        group, _ = server.group(root.getAdminService())
        _, name = server.user(root.getAdminService(), group)
    server.client(name, "secret").__del__()

    def failing():
        started = time.time()
        raises(Glacier2.PermissionDeniedException, server.client, name, "wrong")
        return time.time() - started

    first = failing()
    took = []
    slow = threading.Thread(target=lambda: took.append(failing()))
    slow.start()
    time.sleep(0.2)
    started = time.time()
    server.client().__del__()
    other = time.time() - started
    slow.join()
    assert first < 2.5 and other < 2.5, "the first failure took %.1f s, another user's log-in %.1f s" % (first, other)
    assert took and took[0] > 2.9, "the second failure took %s s" % took
    # The right password is let in at once, and all is forgotten.
    started = time.time()
    server.client(name, "secret").__del__()
    assert time.time() - started < 2.5
    assert failing() < 2.5


if __name__ == "__main__":
    drive(globals(), Server)
