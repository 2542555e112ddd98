"""An OMERO server in small, on zeroc-ice 3.6.5 and the servants that omero-py brings along: sessions, users, groups.

For the real glacier2router to stand in front of, so that the gateway is tested with nothing of ours on the other side.
Users, passwords and groups are those of the sample data (Documentation/SampleData.md) that its tests need; all is in
memory. Rules are OMERO's as far as the tests go: who may log in, membership, leaders, administrators, sudo, reference
counts, idle and life limits.

Prints "READY <session manager><TAB><permissions verifier><TAB>-".
"""

import os
import threading
import time
import uuid

import omero.clients  # noqa: F401  (before the others, as omero-py wants it)
import Glacier2
import Ice
import omero
import omero.api
import omero.cmd
import omero.model
from omero.model import ExperimenterGroupI, ExperimenterI, GroupExperimenterMapI, PermissionsI, SessionI
from omero import ObjectFactoryRegistrar
from omero.rtypes import ObjectFactories, rbool, rlong, rstring, rtime

from real_ice_objects import Objects

PRIVILEGES = ("Chgrp Chown DeleteFile DeleteManagedRepo DeleteOwned DeleteScriptRepo ModifyGroup "
              "ModifyGroupMembership ModifyUser ReadSession Sudo WriteFile WriteManagedRepo WriteOwned "
              "WriteScriptRepo").split()


class User:
    def __init__(self, number, name, password, first, last, groups, leads=(), privileges=()):
        self.id, self.name, self.password = number, name, password
        self.first, self.last = first, last
        self.groups, self.leads, self.privileges = list(groups), set(leads), list(privileges)
        self.institution = None


class Group:
    def __init__(self, number, name, permissions):
        self.id, self.name, self.permissions = number, name, permissions


class World:
    """Everything there is, under one lock."""

    def __init__(self):
        self.lock = threading.RLock()
        self.sessions = {}
        self.next_id = 1000
        self.groups = {g.id: g for g in [
            Group(0, "system", "rw----"), Group(1, "user", "rwr-r-"), Group(2, "guest", "rw----"),
            Group(3, "sample-private", "rw----"), Group(4, "sample-read-only", "rwr---"),
            Group(5, "sample-read-annotate", "rwra--"), Group(6, "sample-read-write", "rwrw--"),
            Group(7, "sample-Gruppe 漢字 🔬", "rwra--")]}
        self.users = {u.id: u for u in [
            User(0, "root", "omero", "root", "root", [0, 1], (), PRIVILEGES),
            User(1, "guest", "guest", "Guest", "Account", [2]),
            User(2, "sample-leader", "leader-1", "Lena", "Leiter", [3, 4, 5, 6, 1], {3, 4, 5, 6}),
            User(3, "sample-member", "member-2", "Mia", "Mehrere", [5, 3, 4, 6, 1]),
            User(4, "sample-loner", "loner-3", "Paul", "Privat", [3, 1]),
            User(5, "sample-reader", "reader-4", "Rita", "Reed", [4, 1]),
            User(6, "sample-zoë", "zoë-5", "Zoë", "山田 🦁", [7, 6, 1], {7}),
            User(7, "sample-light-admin", "light-6", "Linus", "Light", [0, 1], (),
                 ["ReadSession", "Sudo", "WriteOwned"]),
            User(8, "sample-admin", "admin-7", "Ada", "Admin", [0, 5, 1], (), PRIVILEGES),
            User(9, "sample-inactive", "inactive-8", "Ines", "Inaktiv", [4])]}

    def number(self):
        self.next_id += 1
        return self.next_id

    def user(self, name):
        for user in self.users.values():
            if user.name == name:
                return user
        return None

    def group(self, name):
        for group in self.groups.values():
            if group.name == name:
                return group
        return None

    def default_group(self, user):
        for number in user.groups:
            if number != 1:
                return self.groups[number]
        raise api_usage("Can't find default group for %s" % user.name)


class Live:
    """A session."""

    def __init__(self, world, user, group, idle, life, sudoer=None, agent=None):
        self.id, self.uuid = world.number(), str(uuid.uuid4())
        self.user, self.group, self.sudoer, self.agent = user, group, sudoer, agent
        self.idle, self.life, self.count = idle, life, 1
        self.started = self.touched = time.time()
        self.servants = []
        self.limited_to = None

    def check(self, world):
        """Touches the session, or says why it is over."""
        now = time.time()
        if self.uuid not in world.sessions:
            raise omero.RemovedSessionException("", "ome.conditions.RemovedSessionException",
                                                "No context for " + self.uuid)
        for limit, since, name in ((self.life, self.started, "timeToLive"), (self.idle, self.touched, "timeToIdle")):
            if limit and (now - since) * 1000 > limit:
                world.sessions.pop(self.uuid)
                raise omero.SessionTimeoutException("", "ome.conditions.SessionTimeoutException",
                                                    "Session exceeded %s (%d)" % (name, limit))
        self.touched = now


def api_usage(text):
    return omero.ApiUsageException("", "ome.conditions.ApiUsageException", text)


def violation(text):
    return omero.SecurityViolation("", "ome.conditions.SecurityViolation", text)


def servant(base):
    """Lets a class with plain methods serve an interface whose operations are asynchronous."""
    def decorate(cls):
        members = {}
        for name in dir(base):
            if not name.endswith("_async"):
                continue
            body = getattr(cls, name[:-len("_async")], None)
            if body is None:
                members[name] = unfinished(name[:-len("_async")])
            else:
                members[name] = answering(body)
        return type(cls.__name__, (cls, base), members)
    return decorate


def unfinished(name):
    def answer(self, cb, *arguments):
        cb.ice_exception(omero.ApiUsageException("", "", name + " is not there"))
    return answer


def answering(body):
    def answer(self, cb, *arguments):
        try:
            with self.world.lock:
                result = body(self, *arguments)
        except Exception as error:
            cb.ice_exception(error)
            return
        if result is None:
            try:
                cb.ice_response()
            except TypeError:
                cb.ice_response(None)
        else:
            cb.ice_response(result)
    return answer


class Facts:
    """What the services of a session share."""

    def __init__(self, world, session):
        self.world, self.session = world, session

    def enter(self, current, role="user"):
        """What every call passes: the session lives, the user has the role, the group is the user's."""
        self.session.check(self.world)
        user = self.session.user
        roles = [self.world.groups[number].name for number in user.groups]
        if role and role not in roles:
            raise violation("No matching roles found in [%s] for session %d (allowed: [%s])"
                            % (", ".join(roles), self.session.id, role))
        group = self.session.group.id
        text = current.ctx.get("omero.group", "")
        if text.lstrip("-").isdigit() and int(text) >= 0:
            group = int(text)
        if group not in user.groups and not self.is_admin(user):
            raise violation("User %d is not a member of group %d and cannot login" % (user.id, group))
        if self.session.limited_to is not None and group not in self.session.limited_to:
            raise violation("User %d is not a member of group %d" % (user.id, group))
        return user

    @staticmethod
    def is_admin(user):
        return 0 in user.groups

    def needs(self, user, privilege):
        if not self.is_admin(user) or privilege not in self.privileges(user):
            raise violation("current user is not admin for the given user(s)")

    def privileges(self, user):
        sudoer = self.session.sudoer
        own = user.privileges
        return [p for p in own if p in sudoer.privileges] if sudoer else own

    # Model objects

    def experimenter(self, user, maps=True):
        result = ExperimenterI(user.id, True)
        result.omeName, result.firstName, result.lastName = map(rstring, (user.name, user.first, user.last))
        result.ldap = rbool(False)
        if user.institution:
            result.institution = rstring(user.institution)
        if maps:
            for number in user.groups:
                link = GroupExperimenterMapI(self.world.number(), True)
                link.owner = rbool(number in user.leads)
                link.parent = self.plain_group(self.world.groups[number])
                link.child = result
                result.addGroupExperimenterMap(link)
        return result

    def plain_group(self, group):
        result = ExperimenterGroupI(group.id, True)
        result.name, result.ldap = rstring(group.name), rbool(False)
        result.details._permissions = PermissionsI(group.permissions)
        result.unloadGroupExperimenterMap()
        return result

    def full_group(self, group):
        result = ExperimenterGroupI(group.id, True)
        result.name, result.ldap = rstring(group.name), rbool(False)
        result.details._permissions = PermissionsI(group.permissions)
        for user in self.world.users.values():
            if group.id in user.groups:
                link = GroupExperimenterMapI(self.world.number(), True)
                link.owner = rbool(group.id in user.leads)
                link.parent = result
                link.child = self.experimenter(user, maps=False)
                result.addGroupExperimenterMap(link)
        return result

    def session_object(self, session):
        result = SessionI(session.id, True)
        result.uuid = rstring(session.uuid)
        result.owner = ExperimenterI(session.user.id, False)
        result.timeToIdle, result.timeToLive = rlong(session.idle), rlong(session.life)
        result.started = rtime(int(session.started * 1000))
        result.userAgent = rstring(session.agent or "")
        return result


@servant(omero.api.IAdmin)
class Admin(Facts):
    def getEventContext(self, current):
        user = self.enter(current, role=None)
        group, sudoer = self.session.group, self.session.sudoer
        limit = self.session.limited_to
        member_of = [n for n in user.groups if limit is None or n in limit or n == 1]
        return omero.sys.EventContext(
            -1, self.session.id, self.session.uuid, user.id, user.name,
            rlong(sudoer.id) if sudoer else None, rstring(sudoer.name) if sudoer else None,
            group.id, group.name, self.is_admin(user), self.privileges(user), -1, "User",
            member_of, [n for n in member_of if n in user.leads], PermissionsI(group.permissions))

    def getSecurityRoles(self, current):
        return omero.sys.Roles(0, "root", 0, "system", 1, "user", 1, "guest", 2, "guest")

    def lookupExperimenters(self, current):
        self.enter(current)
        return [self.experimenter(user) for user in self.world.users.values()]

    def lookupExperimenter(self, name, current):
        self.enter(current)
        user = self.world.user(name)
        if user is None:
            raise api_usage("No such experimenter: " + name)
        return self.experimenter(user)

    def getExperimenter(self, number, current):
        self.enter(current)
        if number not in self.world.users:
            raise api_usage("No such experimenter: %d" % number)
        return self.experimenter(self.world.users[number])

    def lookupGroups(self, current):
        self.enter(current)
        return [self.full_group(group) for group in self.world.groups.values()]

    def lookupGroup(self, name, current):
        self.enter(current)
        group = self.world.group(name)
        if group is None:
            raise api_usage("No such group: " + name)
        return self.full_group(group)

    def getGroup(self, number, current):
        self.enter(current)
        if number not in self.world.groups:
            raise api_usage("No such group: %d" % number)
        return self.full_group(self.world.groups[number])

    def containedExperimenters(self, number, current):
        self.enter(current)
        return [self.experimenter(user) for user in self.world.users.values() if number in user.groups]

    def containedGroups(self, number, current):
        self.enter(current)
        user = self.world.users.get(number)
        return [self.full_group(self.world.groups[n]) for n in user.groups] if user else []

    def getDefaultGroup(self, number, current):
        self.enter(current)
        return self.plain_group(self.world.default_group(self.world.users[number]))

    # Changes

    def createGroup(self, group, current):
        self.needs(self.enter(current), "ModifyGroup")
        number, permissions = self.world.number(), "rw----"
        if group.details.permissions is not None:
            permissions = str(group.details.permissions)
        self.world.groups[number] = Group(number, group.name.val, permissions)
        return number

    def createExperimenterWithPassword(self, user, password, default, others, current):
        self.needs(self.enter(current), "ModifyUser")
        if self.world.user(user.omeName.val):
            raise omero.ValidationException("", "", "there is such a user")
        number = self.world.number()
        groups = [default.id.val] + [group.id.val for group in others]
        self.world.users[number] = User(number, user.omeName.val, password.val, user.firstName.val,
                                        user.lastName.val, groups)
        return number

    def addGroups(self, user, groups, current):
        self.needs(self.enter(current), "ModifyGroupMembership")
        mine = self.world.users[user.id.val].groups
        mine.extend(g.id.val for g in groups if g.id.val not in mine)

    def removeGroups(self, user, groups, current):
        self.needs(self.enter(current), "ModifyGroupMembership")
        for group in groups:
            self.world.users[user.id.val].groups.remove(group.id.val)

    def changePasswordWithOldPassword(self, old, new, current):
        user = self.enter(current)
        if user.password != old.val:
            raise violation("Old password is invalid")
        user.password = new.val

    def updateSelf(self, changed, current):
        user = self.enter(current)
        user.first, user.last = changed.firstName.val, changed.lastName.val
        user.institution = changed.institution.val if changed.institution else None


@servant(omero.api.IConfig)
class Config(Facts):
    def getVersion(self, current):
        return "5.6.17"

    def getServerTime(self, current):
        return rtime(int(time.time() * 1000))

    def getConfigValue(self, key, current):
        return ""


@servant(omero.api.ISession)
class Sessions(Facts):
    def getSession(self, key, current):
        self.session.check(self.world)
        session = self.world.sessions.get(key)
        if session is None:
            raise omero.RemovedSessionException("", "", "No context for " + key)
        return self.session_object(session)

    def getReferenceCount(self, key, current):
        self.session.check(self.world)
        return self.world.sessions[key].count

    def getMyOpenSessions(self, current):
        user = self.enter(current)
        return [self.session_object(s) for s in self.world.sessions.values() if s.user is user]

    def closeSession(self, session, current):
        self.session.check(self.world)
        found = self.world.sessions.get(session.uuid.val)
        if found is None:
            return -1
        found.count -= 1
        if found.count > 0:
            return found.count
        remove(self.world, found)
        return -2

    def createSessionWithTimeouts(self, principal, life, idle, current):
        user = self.enter(current)
        target = self.world.user(principal.name)
        if target is None:
            raise omero.RemovedSessionException("", "", "Cannot find a user with name " + principal.name)
        group = self.world.group(principal.group) if principal.group else self.world.default_group(target)
        if group is None:
            raise api_usage("No such group: " + principal.group)
        may_all = self.is_admin(user) and "Sudo" in self.privileges(user)
        if not may_all and group.id not in user.leads:
            raise violation("Group sudo is not permitted for group %s (gid=%d)" % (group.name, group.id))
        made = Live(self.world, target, group, idle, life, self.session.sudoer or user, "OMERO.sudo")
        if not may_all:
            made.limited_to = set(user.leads)
        self.world.sessions[made.uuid] = made
        return self.session_object(made)


def remove(world, session):
    world.sessions.pop(session.uuid, None)
    for adapter, identity in session.servants:
        try:
            adapter.remove(identity)
        except Ice.NotRegisteredException:
            pass
    session.servants = []


@servant(omero.api.IQuery)
class Query(Objects, Facts):
    pass


SERVICES = {"omero.api.IAdmin": Admin, "omero.api.IConfig": Config, "omero.api.IQuery": Query,
            "omero.api.ISession": Sessions}


@servant(omero.api.ServiceFactory)
class Factory(Facts):
    def __init__(self, world, session, client):
        Facts.__init__(self, world, session)
        self.client, self.closes = client, True

    def ice_ids(self, current=None):
        return ["::Glacier2::Session", "::Ice::Object", "::omero::api::ServiceFactory", "::omero::cmd::Session"]

    def ice_isA(self, name, current=None):
        return name in self.ice_ids()

    def getByName(self, name, current):
        self.session.check(self.world)
        if name not in SERVICES:
            raise api_usage(name + " is an unknown service.")
        identity = Ice.Identity(self.client + name, self.session.uuid)
        if current.adapter.find(identity) is None:
            current.adapter.add(SERVICES[name](self.world, self.session), identity)
            self.session.servants.append((current.adapter, identity))
        return omero.api.ServiceInterfacePrx.uncheckedCast(current.adapter.createProxy(identity))

    def getAdminService(self, current):
        return omero.api.IAdminPrx.uncheckedCast(self.getByName("omero.api.IAdmin", current))

    def getConfigService(self, current):
        return omero.api.IConfigPrx.uncheckedCast(self.getByName("omero.api.IConfig", current))

    def getSessionService(self, current):
        return omero.api.ISessionPrx.uncheckedCast(self.getByName("omero.api.ISession", current))

    def keepAllAlive(self, proxies, current):
        self.session.check(self.world)
        return -1 if not proxies else 0

    def setCallback(self, callback, current):
        pass

    def detachOnDestroy(self, current):
        self.closes = False

    def closeOnDestroy(self, current):
        self.closes = True

    def setSecurityContext(self, obj, current):
        user = self.session.user
        self.session.check(self.world)
        number = obj.id.val
        if number not in user.groups and not self.is_admin(user):
            raise violation("User %d is not a member of group %d" % (user.id, number))
        before, self.session.group = self.session.group, self.world.groups[number]
        return ExperimenterGroupI(before.id, False)

    def submit(self, request, current):
        self.session.check(self.world)
        if not isinstance(request, omero.cmd.UpdateSessionTimeoutRequest):
            raise omero.InternalException("", "", "No handle found for " + request.ice_id())
        if request.timeToIdle is not None:
            self.session.idle = request.timeToIdle.val
        if request.timeToLive is not None:
            self.session.life = request.timeToLive.val
        identity = Ice.Identity("IHandle" + str(uuid.uuid4()), self.session.uuid)
        done = DoneHandle(omero.cmd.OK())
        self.session.servants.append((current.adapter, identity))
        return omero.cmd.HandlePrx.uncheckedCast(current.adapter.add(done, identity))

    def destroy(self, current):
        try:
            current.adapter.remove(current.id)
        except Ice.NotRegisteredException:
            pass
        if self.session.uuid not in self.world.sessions:
            return
        self.session.count -= 1
        if self.closes and self.session.count < 1:
            remove(self.world, self.session)
        for adapter, identity in list(self.session.servants):
            if identity.name.startswith(self.client):
                self.session.servants.remove((adapter, identity))
                try:
                    adapter.remove(identity)
                except Ice.NotRegisteredException:
                    pass


class DoneHandle(omero.cmd.Handle):
    """A command that was over before its handle came."""

    def __init__(self, response):
        self.response = response

    def getResponse(self, current=None):
        return self.response

    def getStatus(self, current=None):
        return omero.cmd.Status()

    def addCallback(self, callback, current=None):
        pass

    def removeCallback(self, callback, current=None):
        pass

    def cancel(self, current=None):
        return False

    def close(self, current=None):
        try:
            current.adapter.remove(current.id)
        except Ice.NotRegisteredException:
            pass


class Verifier(Glacier2.PermissionsVerifier):
    def __init__(self, world):
        self.world = world

    def checkPermissions(self, name, password, current=None):
        with self.world.lock:
            if name in self.world.sessions and name == password:
                return True, ""
            user = self.world.user(name)
            if user is not None and user.password == password:
                return True, ""
            return False, "Password check failed for '%s': []" % name


class Manager(Glacier2.SessionManager):
    def __init__(self, world, idle):
        self.world, self.idle = world, idle

    def create(self, name, control, current=None):
        with self.world.lock:
            try:
                return self.opened(name, control, current)
            except (omero.ApiUsageException, omero.SessionException) as error:
                raise omero.WrappedCreateSessionException(
                    error.message, False, -1, error.serverExceptionClass or "ome.conditions.RemovedSessionException")

    def opened(self, name, control, current):
        client = current.ctx.get("omero.client.uuid", "")
        session = self.world.sessions.get(name)
        if session is not None:
            session.check(self.world)
            session.count += 1
        else:
            user = self.world.user(name)
            wanted = current.ctx.get("omero.group", "")
            group = self.world.group(wanted) if wanted else self.world.default_group(user)
            if group is None:
                raise api_usage("No such group: " + wanted)
            session = Live(self.world, user, group, self.idle, 0, agent=current.ctx.get("omero.agent"))
            self.world.sessions[session.uuid] = session
        category = "session-" + client
        if control is not None:
            control.categories().add([category, session.uuid])
        identity = Ice.Identity(session.uuid, category)
        proxy = current.adapter.add(Factory(self.world, session, client), identity)
        session.servants.append((current.adapter, identity))
        return Glacier2.SessionPrx.uncheckedCast(proxy)


def main():
    data = Ice.InitializationData()
    data.properties = Ice.createProperties()
    for key, value in (("Ice.ThreadPool.Server.Size", "4"), ("Ice.ThreadPool.Server.SizeMax", "20"),
                       ("Ice.MessageSizeMax", "250000"), ("Ice.ThreadPool.Client.Size", "4")):
        data.properties.setProperty(key, value)
    ic = Ice.initialize(data)
    ObjectFactoryRegistrar.registerObjectFactory(ic, None)
    for factory in ObjectFactories.values():
        factory.register(ic)
    try:
        world = World()
        adapter = ic.createObjectAdapterWithEndpoints("OMERO", "tcp -h 127.0.0.1")
        manager = adapter.add(Manager(world, 600000), ic.stringToIdentity("SessionManager"))
        verifier = adapter.add(Verifier(world), ic.stringToIdentity("Verifier"))
        adapter.activate()
        print("READY %s\t%s\t-" % (manager, verifier), flush=True)
        while os.read(0, 4096):
            pass
    finally:
        ic.destroy()


if __name__ == "__main__":
    main()
