"""BlitzGateway and omero.client, unmodified, through the whole life of sessions against the server under test."""

import time

import omero
import omero.clients  # before all others of OMERO's modules: they import each other in a circle
import omero.callbacks
import omero.cmd
import Glacier2
import Ice
from omero.gateway import BlitzGateway
from omero.rtypes import rint, rlong, rstring, rtime, unwrap

from checks import drive, equal, eventually, raises


class Server:
    def __init__(self, options):
        self.host, self.port, self.password = options.host, options.port, options.password
        self.number = 0

    def gateway(self, user="root", password=None, secure=True, group=None):
        return BlitzGateway(user, password or self.password, host=self.host, port=self.port, secure=secure, group=group)

    def connected(self, *arguments, **named):
        gateway = self.gateway(*arguments, **named)
        assert gateway.connect(), "connect failed: %s" % gateway.getLastError()
        return gateway

    def client(self):
        return omero.client(self.host, self.port)

    def unique(self, name):
        self.number += 1
        return "%s-%d-%d" % (name, int(time.time() * 1000) % 10 ** 8, self.number)

    def new_group(self, admin, permissions="rwr---", name=None):
        group = omero.model.ExperimenterGroupI()
        group.name = rstring(name or self.unique("group"))
        group.details.permissions = omero.model.PermissionsI(permissions)
        return admin.createGroup(group), group.name.val

    def new_user(self, admin, group, password="secret", others=(1,), name=None):
        user = omero.model.ExperimenterI()
        user.omeName = rstring(name or self.unique("user"))
        user.firstName, user.lastName = rstring("Ada"), rstring("Löwe 🦁")
        user.ldap = omero.rtypes.rbool(False)
        groups = [omero.model.ExperimenterGroupI(g, False) for g in others]
        number = admin.createExperimenterWithPassword(
            user, rstring(password), omero.model.ExperimenterGroupI(group, False), groups)
        return number, user.omeName.val


def check_secure_log_in_as_root(server):
    with server.connected() as gateway:
        assert gateway.isConnected() and gateway.isSecure()
        equal(gateway.getUser().getName(), "root")
        equal(gateway.getUserId(), 0)
        context = gateway.getEventContext()
        equal((context.userName, context.groupName, context.isAdmin), ("root", "system", True))
        equal((context.eventId, context.shareId, context.eventType), (-1, -1, "Internal"))
        equal((context.sudoerId, context.sudoerName), (None, None))
        equal(context.sessionUuid, gateway.c.getSessionId())
        assert gateway.isAdmin() and gateway.isFullAdmin()
        equal(len(list(gateway.getCurrentAdminPrivileges())), 15)
        equal(gateway.getGroupFromContext().getName(), "system")
        equal([g.getId() for g in gateway.getGroupsMemberOf()], [0])


def check_insecure_log_in(server):
    gateway = server.connected(secure=False)
    try:
        assert not gateway.isSecure()
        equal(gateway.getUser().getName(), "root")
    finally:
        gateway.close()


def check_context_manager_closes(server):
    with server.connected() as gateway:
        key = gateway.c.getSessionId()
    raises(Glacier2.PermissionDeniedException, server.client().joinSession, key)


def check_wrong_password_and_unknown_user_look_alike(server):
    assert not server.gateway(password="wrong").connect()
    wrong = raises(Glacier2.PermissionDeniedException, server.client().createSession, "root", "wrong")
    unknown = raises(Glacier2.PermissionDeniedException, server.client().createSession, "nobody-here", "wrong")
    equal(wrong.reason.replace("root", "X"), unknown.reason.replace("nobody-here", "X"))
    server.connected().close()


def check_two_clients_on_one_session(server):
    gateway = server.connected()
    key = gateway.c.getSessionId()
    other = server.client()
    factory = other.joinSession(key)
    sessions = factory.getSessionService()
    equal(sessions.getReferenceCount(key), 2)
    equal(factory.getAdminService().getEventContext().sessionUuid, key)
    other.closeSession()
    equal(gateway.c.sf.getSessionService().getReferenceCount(key), 1)
    equal(gateway.getUser().getName(), "root")
    gateway.close()


def check_joining_with_the_gateway(server):
    gateway = server.connected()
    key = gateway.c.getSessionId()
    other = BlitzGateway(host=server.host, port=server.port, secure=True)
    assert other.connect(sUuid=key)
    equal(other.getUser().getName(), "root")
    other.close(hard=False)
    equal(gateway.getUserId(), 0)
    gateway.close()


def check_a_key_needs_itself_as_password(server):
    gateway = server.connected()
    key = gateway.c.getSessionId()
    raises(Glacier2.PermissionDeniedException, server.client().createSession, key, "something")
    raises(Glacier2.PermissionDeniedException, server.client().createSession, "root", key)
    gateway.close()


def check_detached_session_stays(server):
    client = server.client()
    factory = client.createSession("root", server.password)
    key = client.getSessionId()
    factory.detachOnDestroy()
    client.closeSession()
    again = server.client()
    again.joinSession(key)
    equal(again.getSessionId(), key)
    again.killSession()
    raises(Glacier2.PermissionDeniedException, server.client().joinSession, key)


def check_hard_close_ends_the_session_of_all(server):
    gateway = server.connected()
    other = server.client()
    factory = other.joinSession(gateway.c.getSessionId())
    gateway.close(hard=True)
    raises((Ice.ObjectNotExistException, omero.RemovedSessionException, Ice.ConnectionLostException),
           factory.getAdminService)
    other.__del__()


def check_soft_close_leaves_it(server):
    gateway = server.connected()
    key = gateway.c.getSessionId()
    other = server.client()
    factory = other.joinSession(key)
    gateway.close(hard=False)
    equal(factory.getAdminService().getEventContext().sessionUuid, key)
    other.killSession()


def check_killed_by_another(server):
    victim = server.connected()
    key = victim.c.getSessionId()
    with server.connected() as killer:
        service = killer.c.sf.getSessionService()
        session = omero.model.SessionI()
        session.uuid = rstring(key)
        equal(service.closeSession(session), -2)
        equal(service.closeSession(session), -1)
        raises(omero.RemovedSessionException, service.getReferenceCount, key)
    raises((Ice.ObjectNotExistException, omero.RemovedSessionException), victim.c.sf.getAdminService)
    victim.close(hard=False)


def check_keep_alive(server):
    with server.connected() as gateway:
        assert gateway.keepAlive()
        factory = gateway.c.sf
        admin = factory.getAdminService()
        equal(factory.keepAlive(admin), True)
        equal(factory.keepAlive(None), False)
        equal(factory.keepAllAlive([]), -1)
        equal(factory.keepAllAlive([admin, factory.getConfigService()]), 0)
        gone = admin.ice_identity(Ice.Identity("gone", admin.ice_getIdentity().category))
        equal(factory.keepAllAlive([admin, omero.api.ServiceInterfacePrx.uncheckedCast(gone)]), 2)


def check_idle_limit(server):
    with server.connected() as gateway:
        principal = omero.sys.Principal("root", "system", "User", None)
        session = gateway.c.sf.getSessionService().createSessionWithTimeouts(principal, 0, 2000)
        key = session.uuid.val
        equal((session.timeToIdle.val, session.timeToLive.val), (2000, 0))
        client = server.client()
        factory = client.joinSession(key)
        for _ in range(4):
            time.sleep(0.6)
            factory.keepAlive(None)
        time.sleep(2.6)
        error = raises((omero.SessionTimeoutException, omero.RemovedSessionException, Ice.ObjectNotExistException),
                       factory.keepAlive, None)
        if isinstance(error, omero.SessionTimeoutException):
            assert "exceeded timeToIdle (2000) by" in error.message, error.message
        client.__del__()


def check_life_limit(server):
    with server.connected() as gateway:
        principal = omero.sys.Principal("root", "system", "User", None)
        session = gateway.c.sf.getSessionService().createSessionWithTimeout(principal, 2500)
        equal((session.timeToIdle.val, session.timeToLive.val), (0, 2500))
        client = server.client()
        factory = client.joinSession(session.uuid.val)
        time.sleep(3.0)
        error = raises((omero.SessionTimeoutException, omero.RemovedSessionException, Ice.ObjectNotExistException),
                       factory.keepAlive, None)
        if isinstance(error, omero.SessionTimeoutException):
            assert "exceeded timeToLive (2500) by" in error.message, error.message
        client.__del__()


def check_users_groups_and_switches(server):
    with server.connected() as root:
        admin = root.getAdminService()
        first, first_name = server.new_group(admin, "rw----")
        second, second_name = server.new_group(admin, "rwra--")
        number, name = server.new_user(admin, first, others=(second, 1))
    with server.connected(name, "secret") as gateway:
        context = gateway.getEventContext()
        equal((context.groupId, context.groupName, context.isAdmin), (first, first_name, False))
        equal(list(context.memberOfGroups), [first, second, 1])
        equal(str(context.groupPermissions), "rw----")
        assert not gateway.isAdmin()
        assert gateway.setGroupForSession(second)
        equal(gateway.getEventContext().groupId, second)
        assert not gateway.setGroupForSession(0)
        gateway.SERVICE_OPTS.setOmeroGroup(first)
        equal(gateway.getAdminService().getEventContext().groupId, second)
        raises(omero.SecurityViolation, gateway.c.sf.getAdminService().getEventContext, {"omero.group": "0"})
        gateway.c.sf.getAdminService().getEventContext({"omero.group": "rubbish"})
        gateway.c.sf.getAdminService().getEventContext({"omero.group": "-1"})
    with server.connected(name, "secret", group=second_name) as gateway:
        equal(gateway.getEventContext().groupName, second_name)
        previous = gateway.c.sf.setSecurityContext(omero.model.ExperimenterGroupI(first, False))
        equal(previous.id.val, second)
    raises(omero.WrappedCreateSessionException, log_in, server, name, "secret", "no-such-group")


def log_in(server, user, password, group):
    client = server.client()
    client.getImplicitContext().put("omero.group", group)
    return client.createSession(user, password)


def check_acting_for_others(server):
    with server.connected() as root:
        admin = root.getAdminService()
        group, group_name = server.new_group(admin)
        number, name = server.new_user(admin, group)
        other = root.suConn(name, group_name, ttl=60000)
        assert other is not None
        context = other.getEventContext()
        equal((context.userName, context.groupName, unwrap(context.sudoerName)), (name, group_name, "root"))
        equal(unwrap(context.sudoerId), 0)
        other.close()
    with server.connected(name, "secret") as gateway:
        equal(gateway.suConn("root"), None)  # who is no administrator is not even asked
        principal = omero.sys.Principal("root", "", "User", None)
        raises(omero.SecurityViolation, gateway.c.sf.getSessionService().createSessionWithTimeout, principal, 1000)


def check_call_backs(server):
    client = server.client()
    client.createSession("root", server.password)
    closed = []
    client.onSessionClosed(lambda: closed.append(True))
    with server.connected() as killer:
        session = omero.model.SessionI()
        session.uuid = rstring(client.getSessionId())
        killer.c.sf.getSessionService().closeSession(session)
        eventually(lambda: closed, "the call-back sessionClosed")
    client.__del__()


def check_heartbeats(server):
    client = server.client()
    beats = []
    client.createSession("root", server.password)
    client.onHeartbeat(lambda: beats.append(True))
    eventually(lambda: len(beats) > 1, "two call-backs requestHeartbeat")
    client.__del__()


def check_commands_and_their_call_backs(server):
    with server.connected() as gateway:
        client = gateway.c
        response = client.submit(omero.cmd.Timing(3, 20), loops=20, ms=500)
        assert isinstance(response.getResponse() if hasattr(response, "getResponse") else response, omero.cmd.OK)
        handle = client.sf.submit(omero.cmd.CurrentSessionsRequest())
        callback = omero.callbacks.CmdCallbackI(client, handle)
        try:
            callback.loop(20, 500)
            current = callback.getResponse()
        finally:
            callback.close(True)
        keys = [session.uuid.val for session in current.sessions if session]
        assert client.getSessionId() in keys, keys
        equal(len(current.sessions), len(current.contexts))
        equal(len(current.sessions), len(current.data))
        listed = client.submit(omero.cmd.ListRequests(), loops=20, ms=500).getResponse().list
        assert any(isinstance(one, omero.cmd.Timing) for one in listed)
        raises(omero.CmdError, client.submit, omero.cmd.UpdateSessionTimeoutRequest("x" * 36, rlong(1), None))
        client.submit(omero.cmd.UpdateSessionTimeoutRequest(client.getSessionId(), None, rlong(123456)))
        equal(client.sf.getSessionService().getSession(client.getSessionId()).timeToIdle.val, 123456)
        raises(omero.CmdError, client.submit, omero.cmd.ResetPasswordRequest("root", "root@example.org"))


def check_in_and_outputs(server):
    with server.connected() as gateway:
        client = gateway.c
        client.setInput("a", rint(1))
        client.setInput("b", rstring("zwei ☃"))
        equal(unwrap(client.getInput("b")), "zwei ☃")
        equal(sorted(client.getInputKeys()), ["a", "b"])
        client.setOutput("c", omero.rtypes.rlist([rint(1), rstring("x")]))
        equal(unwrap(client.getOutput("c")), [1, "x"])


def check_services_that_are_not_there(server):
    with server.connected() as gateway:
        factory = gateway.c.sf
        raises(omero.ApiUsageException, factory.getByName, "omero.api.INothing", says="is an unknown service")
        raises(omero.ServerError, factory.createRawPixelsStore)
        factory.getAdminService()
        assert [name for name in factory.activeServices() if name.endswith("IAdmin")], factory.activeServices()


def check_configuration(server):
    with server.connected() as gateway:
        config = gateway.getConfigService()
        assert config.getVersion().startswith("5.6")
        equal(config.getConfigValue("omero.security.password_required"), "true")
        equal(len(config.getDatabaseUuid()), 36)
        assert abs(config.getServerTime().val - time.time() * 1000) < 60000
        assert "omero.client.ui.tree.orphans.name" in config.getClientConfigValues()


def check_guest(server):
    client = server.client()
    factory = client.createSession("guest", "guest")
    equal(factory.getAdminService().getEventContext().userName, "guest")
    assert factory.getConfigService().getVersion()
    raises(omero.SecurityViolation, factory.getQueryService, says="Access denied to guest user")
    client.killSession()


def check_enumerations(server):
    with server.connected() as gateway:
        types = gateway.getTypesService()
        equal(len(types.allEnumerations("AdminPrivilege")), 15)
        equal(types.getEnumeration("PixelsType", "uint8").value.val, "uint8")
        equal(len(types.allEnumerations("omero.model.DimensionOrderI")), 6)
        assert "ImmersionI" in str(types.getEnumerationTypes()) or types.getEnumerationTypes()


def check_password_changes(server):
    with server.connected() as root:
        admin = root.getAdminService()
        group, _ = server.new_group(admin)
        number, name = server.new_user(admin, group)
        admin.changeUserPassword(name, rstring("new one"))
        raises(Glacier2.PermissionDeniedException, server.client().createSession, name, "secret")
    with server.connected(name, "new one") as gateway:
        service = gateway.getAdminService()
        raises(omero.SecurityViolation, service.changePasswordWithOldPassword, rstring("wrong"), rstring("x"))
        service.changePasswordWithOldPassword(rstring("new one"), rstring("newer ☃"))
        me = service.getExperimenter(number)
        me.email = rstring("ada@example.org")
        service.updateSelf(me)
        equal(service.getExperimenter(number).email.val, "ada@example.org")
    server.connected(name, "newer ☃").close()


def check_administrators(server):
    with server.connected() as root:
        admin = root.getAdminService()
        user = omero.model.ExperimenterI()
        user.omeName, user.firstName, user.lastName = rstring(server.unique("light")), rstring("L"), rstring("A")
        read = omero.model.AdminPrivilegeI()
        read.value = rstring("ReadSession")
        number = admin.createRestrictedSystemUserWithPassword(user, [read], rstring("light"))
        equal([p.value.val for p in admin.getAdminPrivileges(omero.model.ExperimenterI(number, False))], ["ReadSession"])
        name = user.omeName.val
        assert number in [e.id.val for e in admin.getAdminsWithPrivileges([read])]
    with server.connected(name, "light") as gateway:
        assert gateway.isAdmin() and not gateway.isFullAdmin()
        equal([p for p in gateway.getCurrentAdminPrivileges()], ["ReadSession"])
        raises(omero.SecurityViolation, server.new_group, gateway.getAdminService())


if __name__ == "__main__":
    drive(globals(), Server)
