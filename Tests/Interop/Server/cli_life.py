"""The `omero` command, unmodified, against the server under test: sessions, users and groups. See cli.py."""

import os
import re
import tempfile

from checks import drive, equal
from cli import Cli


class Server:
    """Where commands connect, and a root who is logged in; names are new ones in every run."""

    def __init__(self, options):
        self.host, self.port, self.password = options.host, options.port, options.password
        self.folder = tempfile.mkdtemp(prefix="omero-cli-")
        self.number = 0
        self.mark = "%x" % (os.getpid() * 1000003 % 0xFFFFF)
        self.address = "%s:%s" % (self.host, self.port)
        self.root = self.person()
        self.log_in(self.root, "root", self.password)

    def person(self):
        """A command with no sessions yet."""
        self.number += 1
        return Cli(os.path.join(self.folder, str(self.number)))

    def log_in(self, person, user, password, *arguments):
        return person("login", "%s@%s" % (user, self.address), "-w", password, *arguments)

    def unique(self, name):
        self.number += 1
        return "%s-%s-%d" % (name, self.mark, self.number)

    def group(self, kind="read-only"):
        name = self.unique("group")
        answer = self.root("group", "add", name, "--type", kind).expect()
        return number(answer), name

    def user(self, group, *arguments, password="secret"):
        name = self.unique("user")
        answer = self.root("user", "add", name, "Ada", "Löwe 🦁", group, "-P", password, *arguments).expect()
        return number(answer), name

    def member(self, kind="read-only"):
        """A new user of a new group, logged in."""
        group = self.group(kind)
        user = self.user(group[1])
        person = self.person()
        self.log_in(person, user[1], "secret").expect()
        return person, user, group

    def row(self, kind, name, *arguments):
        rows = self.root(kind, "info", name, "--style", "csv", *arguments).rows()
        equal(len(rows), 1)
        return rows[0]


def number(answer):
    return int(re.search(r"\(id=(\d+)\)", answer.out).group(1))


KEY = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")

# MARK: Logging in and out


def check_log_in(server):
    person = server.person()
    says = "session for root@%s. Idle timeout: 10 min. Current group: system" % server.address
    server.log_in(person, "root", server.password).expect("", "Created " + says)
    server.log_in(person, "root", server.password).expect("", "Using " + says)
    person("login").expect("", "Using " + says)


def check_log_in_with_a_password_from_the_environment(server):
    person = server.person()
    answer = person("login", "-s", server.host, "-p", server.port, "-u", "root", OMERO_PASSWORD=server.password)
    answer.expect("", errs=["Created session for root@"])


def check_wrong_password_and_unknown_user(server):
    for user in ("root", "nobody-" + server.mark):
        answer = server.log_in(server.person(), user, "wrong").expect("", code=556)
        assert answer.err.startswith("Password check failed for '%s'" % user), answer
    person, name = server.person(), server.unique("stranger")
    answers = [("Password:", "wrong"), ("Password:", "wrong"), ("Password:", "wrong")]
    answer = person("login", "%s@%s" % (name, server.address), answers=answers)
    answer.expect(code=524, outs=["Password check failed for", "3 incorrect password attempts"])


def check_groups_at_log_in(server):
    (first, first_name), (second, second_name) = server.group("private"), server.group("private")
    _, name = server.user(first_name)
    answer = server.log_in(server.person(), name, "secret", "-g", first_name)
    answer.expect("", errs=["Created session for %s@" % name, "Current group: %s" % first_name])
    server.log_in(server.person(), name, "secret", "-g", "no-such-group").expect(
        "", code=556, errs=["InternalException: Failed to connect", "No such group: no-such-group"])
    server.log_in(server.person(), name, "secret", "-g", second_name).expect(
        "", code=557, errs=["SecurityViolation: User", "is not a member of group %d and cannot login" % second])
    server.log_in(server.person(), "root", server.password, "-g", second_name).expect(
        "", errs=["Current group: %s" % second_name])


def check_joining_by_key(server):
    key = server.root("sessions", "key").expect(err="").out.strip()
    assert KEY.match(key), key
    joiner = server.person()
    joiner("login", "-k", key, "-s", server.host, "-p", server.port).expect("", errs=["Joined session for root@"])
    wrong = "00000000-0000-0000-0000-%012d" % os.getpid()
    joiner("login", "-k", wrong, "-s", server.host, "-p", server.port).expect(
        "", code=523, errs=["Bad session key. Cannot join %s on %s" % (wrong, server.address)])


def check_log_in_for_somebody_else(server):
    _, name = server.user(server.group()[1])
    person = server.person()
    server.log_in(person, name, server.password, "--sudo", "root").expect(
        "", errs=["Created session for %s@%s. Idle timeout: 10 min." % (name, server.address)])
    rows = [row for row in person("sessions", "who").table() if row["name"] == name and "(*)" in row["logged in"]]
    equal(len(rows), 1)
    _, other = server.user(server.group()[1])
    server.log_in(server.person(), other, "secret", "--sudo", name).expect(
        "", code=557, errs=["SecurityViolation: Group sudo is not permitted for group"])


def check_log_out(server):
    person, _, _ = server.member()
    key = person("sessions", "key").out.strip()
    person("logout").expect("", "")
    person("sessions", "key").expect("", "")
    person("login", "-k", key, "-s", server.host, "-p", server.port).expect(code=523)
    again, _, _ = server.member()
    again("sessions", "logout").expect("", "")
    again("sessions", "file").expect("", "")


def check_idle_limit_at_log_in(server):
    _, name = server.user(server.group()[1])
    person = server.person()
    server.log_in(person, name, "secret", "-t", "120").expect("", errs=["Idle timeout: 120 s."])
    person("sessions", "timeout").expect("120.0", "")
    server.log_in(server.person(), name, "secret", "-t", "7000").expect("", errs=["Idle timeout: 100 min."])

# MARK: sessions


def check_sessions_timeout(server):
    person, _, _ = server.member()
    key = person("sessions", "key").out.strip()
    person("sessions", "timeout").expect("600.0", "")
    person("sessions", "timeout", 300).expect("", "")
    person("sessions", "timeout").expect("300.0", "")
    person("sessions", "timeout", 0).expect("", "CmdError: non-admin-disabling", code=558)
    server.root("sessions", "timeout", 450, "--session", key).expect("", "")
    person("sessions", "timeout", "--session", key).expect("450.0", "")
    unknown = "11111111-0000-0000-0000-000000000000"
    person("sessions", "timeout", "--session", unknown).expect("", "cannot get session: " + unknown, code=557)
    roots = server.root("sessions", "key").out.strip()
    person("sessions", "timeout", 60, "--session", roots).expect("", "CmdError: no-session", code=558)


def check_sessions_list(server):
    person, (_, name), (_, group) = server.member()
    key = person("sessions", "key").out.strip()
    rows = person("sessions", "list").table()
    equal([(r["Server"], r["User"], r["Group"], r["Session"], r["Active"]) for r in rows],
          [(server.address, name, group, key, "Logged in")])
    assert re.search(r"\d\d:\d\d:\d\d 20\d\d", rows[0]["Started"]), rows
    server.root("sessions", "close", key).expect("Session %s closed." % key, "")
    rows = person("sessions", "list", "--no-purge").table()
    equal([(r["Session"], r["Group"], r["Started"]) for r in rows], [(key, "Unknown", "Unknown")])
    equal(person("sessions", "list").table(), [])


def check_sessions_who(server):
    person, (_, name), (_, group) = server.member()
    key = person("sessions", "key").out.strip()
    rows = server.root("sessions", "who", "--show-uuid").table()
    equal(list(rows[0]), ["name", "group", "logged in", "agent", "timeout", "uuid", "hitCount", "lastAccessTime"])
    own = [row for row in rows if "(*)" in row["logged in"]]
    equal([(row["name"], row["group"], row["agent"]) for row in own], [("root", "system", "OMERO.sessions")])
    theirs = [row for row in rows if row["uuid"] == key]
    equal([(row["name"], row["group"], row["timeout"]) for row in theirs], [(name, group, "10 min.")])
    assert int(theirs[0]["hitCount"]) > 0 and theirs[0]["lastAccessTime"].startswith("20"), theirs
    rows = person("sessions", "who", "--show-uuid").table()
    equal([row["uuid"] for row in rows if row["name"] == name], [key])
    for row in rows:
        if row["name"] == "root":
            equal((row["logged in"], row["agent"], row["uuid"], row["hitCount"]), ("---",) * 4)


def check_sessions_keepalive(server):
    answer = server.root("sessions", "keepalive", "-f", 1, answers=[("Press enter to cancel.", "")])
    answer.expect(outs=["Running keep alive every 1 seconds"])


def check_sessions_group(server):
    person, (_, name), (first, first_name) = server.member()
    (second, second_name), (other, other_name) = server.group(), server.group("private")
    person("sessions", "group").expect("ExperimenterGroup:%d" % first, "", code=0)
    server.root("user", "joingroup", "--name", name, second_name).expect()
    person("sessions", "group", second_name).expect(
        "Group '%s' (id=%d) switched to '%s' (id=%d)" % (first_name, first, second_name, second), "")
    person("sessions", "group").expect("ExperimenterGroup:%d" % second)
    person("sessions", "group", second).expect("", "Group '%s' (id=%d) is already active" % (second_name, second))
    person("sessions", "group", other_name).expect("", code=564, errs=["SecurityViolation: "])


def check_sessions_file_and_key(server):
    key = server.root("sessions", "key").out.strip()
    file = server.root("sessions", "file").expect(err="").out.strip()
    assert file.startswith(server.root.home) and file.endswith("/root/" + key) and os.path.exists(file), file


def check_sessions_open_and_close(server):
    (_, group), person = server.group(), server.person()
    user, name = server.user(group)
    answer = server.root("sessions", "open", "--user-name", name, "--group-name", group, "--timeout", 60)
    answer.expect(err="Session created for user %s in group %s (timeToIdle: 0 sec, timeToLive: 60 sec)" % (name, group))
    key = answer.out.strip()
    assert KEY.match(key), answer
    person("login", "-k", key, "-s", server.host, "-p", server.port).expect(
        "", errs=["Joined session for %s@" % name, "Expires in : 60 s.", "Current group: " + group])
    server.root("sessions", "close", key).expect("Session %s closed." % key, "")
    server.root("sessions", "close", key).expect("", "No session with the given ID found.")
    key = server.root("sessions", "open", "--user-id", user).expect(
        err="Session created for user %s (timeToIdle: 0 sec, timeToLive: 0 sec)" % name).out.strip()
    server.root("sessions", "close", key).expect()
    server.root("sessions", "open", "--user-name", "nobody").expect(
        "", "Unknown user: nobody\nNo user found", code=156)
    server.log_in(person, name, "secret").expect()
    person("sessions", "open", "--user-name", "root").expect("", "SecurityViolation: Admins only!", code=111)


def check_sessions_clear(server):
    person, (_, name), _ = server.member()
    key = person("sessions", "key").out.strip()
    person("sessions", "clear").expect("1 session(s) cleared", "")
    equal(person("sessions", "list").table(), [])
    person("sessions", "clear").expect("0 session(s) cleared", "")


def check_admin_sessionlist(server):
    """What `sessions who` replaces; asks IQuery."""
    key = server.root("sessions", "key").out.strip()
    answer = server.root("admin", "sessionlist").expect(outs=[key])
    equal([line for line in answer.out.splitlines() if key in line and "current session" in line] != [], True)

# MARK: user


def check_user_add(server):
    group, group_name = server.group()
    name = server.unique("user")
    answer = server.root("user", "add", name, "Ada", "Löwe 🦁", group_name, "-P", "secret", "-m", "M.", "-e",
                         "ada@example.org", "-i", "Institute")
    answer.expect("Added user %s (id=%d) with password" % (name, number(answer)), "")
    row = server.row("user", name)
    expected = {"id": str(number(answer)), "login": name, "first name": "Ada", "last name": "Löwe 🦁",
                "email": "ada@example.org", "active": "Yes", "ldap": "False", "admin": "", "member of": str(group),
                "owner of": ""}
    equal(row, expected)
    again = ["user", "add", name, "Ada", "Löwe", group_name, "-P", "secret"]
    exists = "User exists: %s (id=%s)" % (name, row["id"])
    server.root(*again).expect("", exists, code=3)
    server.root(*again, "--ignore-existing").expect(exists, "")
    server.root("user", "add", server.unique("x"), "X", "Y", "no-such-group", "-P", "s").expect(
        "", "Unknown group: no-such-group\nNo group found", code=504)
    server.root("user", "add", server.unique("x"), "X", "Y", group_name, "--no-password").expect(
        "", "Server does not allow user creation with empty passwords", code=502)
    _, admin = server.user(group_name, "-a")
    equal(server.row("user", admin)["admin"], "Yes")
    person, _, _ = server.member()
    person("user", "add", "x", "X", "Y", group_name, "-P", "s").expect(
        "", "SecurityViolation: Admins only!", code=111)


def check_user_list(server):
    person, (user, name), (group, _) = server.member()
    rows = {row["login"]: row for row in server.root("user", "list", "--style", "csv").rows()}
    equal({key: rows["root"][key] for key in ("id", "active", "admin", "member of")},
          {"id": "0", "active": "Yes", "admin": "Yes", "member of": ""})
    equal((rows["guest"]["id"], rows["guest"]["active"], rows["guest"]["member of"]), ("1", "", "2"))
    equal((rows[name]["id"], rows[name]["member of"]), (str(user), str(group)))
    counted = server.root("user", "list", "--count", "--sort-by-id", "--style", "csv").rows()
    equal([row["id"] for row in counted], sorted((row["id"] for row in counted), key=int))
    equal([row["# group memberships"] for row in counted if row["login"] == name], ["1"])
    # Strangers' names are hidden.
    other, _, _ = server.member()
    seen = {row["id"]: row["login"] for row in other("user", "list", "--style", "csv").rows()}
    equal((seen["0"], seen["1"], seen[str(user)]), ("root", "guest", "<hidden>"))


def check_user_info(server):
    person, (user, name), (group, group_name) = server.member()
    for arguments in ([], [name], ["--user-id", user], ["--user-name", name]):
        rows = person("user", "info", "--style", "csv", *arguments).rows()
        equal([(row["id"], row["login"], row["member of"]) for row in rows], [(str(user), name, str(group))])
    person("user", "info", "nobody").expect("", "Unknown user: nobody\nNo user found", code=514)
    person("user", "info", "--user-id", 123456789).expect("", "Unknown user: 123456789\nNo user found", code=514)


def check_user_listgroups(server):
    person, (user, name), (group, group_name) = server.member("read-annotate")
    rows = person("user", "listgroups", "--style", "csv").rows()
    equal([(r["id"], r["name"], r["perms"], r["# of owners"]) for r in sorted(rows, key=lambda r: -int(r["id"]))],
          [(str(group), group_name, "rwra--", "0"), ("1", "user", "rwr-r-", "0")])
    rows = server.root("user", "listgroups", name, "--long", "--style", "csv").rows()
    equal([r["member ids"] for r in rows if r["id"] == str(group)], [str(user)])


def check_user_joingroup_and_leavegroup(server):
    person, (user, name), (first, _) = server.member()
    (second, second_name), (third, third_name) = server.group(), server.group()
    server.root("user", "joingroup", "--name", name, second_name).expect("Added %d to group %d" % (user, second), "")
    server.root("user", "joingroup", "--id", user, "--group-id", second).expect(
        "%d is already in group %d" % (user, second), "")
    server.root("user", "joingroup", "--name", name, third, "--as-owner").expect(
        "Added %d to the owner list of group %d" % (user, third), "")
    row = server.row("user", name)
    equal((row["member of"], row["owner of"]), ("%d,%d" % (first, second), str(third)))
    server.root("user", "joingroup", "--name", name, second_name, "--as-default").expect(
        "%d is already in group %d\nSet the default group of user %d to group %d" % (user, second, user, second), "")
    server.log_in(server.person(), name, "secret").expect("", errs=["Current group: " + second_name])
    server.root("user", "leavegroup", "--name", name, third_name, "--as-owner").expect(
        "Removed %d from the owner list of group %d" % (user, third), "")
    server.root("user", "leavegroup", "--name", name, third_name).expect("Removed %d from group %d" % (user, third), "")
    server.root("user", "leavegroup", "--name", name, third_name).expect("%d is not in group %d" % (user, third), "")
    equal(server.row("user", name)["member of"], "%d,%d" % (second, first))
    answer = person("user", "joingroup", third_name)
    assert answer.code != 0 and "SecurityViolation" in answer.err, answer
    # The last group beside `user` stays.
    server.root("user", "leavegroup", "--name", name, second_name).expect()
    answer = server.root("user", "leavegroup", "--name", name, "--group-id", first)
    assert answer.code != 0 and "ValidationException" in answer.err, answer
    assert "cannot be a member of only the 'user' group" in answer.err, answer


def check_user_password(server):
    person, (user, name), _ = server.member()
    own = [("Please enter password for your user (%s)" % name, "secret")]
    new = [("Please enter password to be set", "new 🔑"), ("Please re-enter password to be set", "new 🔑")]
    person("user", "password", answers=own + new).expect(
        outs=["Verified password.", "Changing password for %s" % name, "Password changed"])
    server.log_in(server.person(), name, "secret").expect("", code=556)
    server.log_in(server.person(), name, "new 🔑").expect("")
    person("user", "password", answers=[(own[0][0], "wrong")]).expect(
        code=456, outs=["SecurityViolation: Bad credentials"])
    roots = [("Please enter password for your user (root)", server.password)]
    server.root("user", "password", name, answers=roots + [(new[0][0], "third"), (new[1][0], "third")]).expect(
        outs=["Changing password for %s (id:%d)" % (name, user), "Password changed"])
    server.log_in(server.person(), name, "third").expect("")
    server.root("user", "password", "nobody", answers=roots).expect(code=457, outs=["Unknown user: nobody"])
    _, other = server.user(server.group()[1])
    answer = person("user", "password", other, answers=[(own[0][0], "third")] + new)
    assert answer.code != 0 and "Password changed" not in answer.out, answer


def check_user_email(server):
    _, group = server.group()
    mail, inactive = server.unique("ada") + "@example.org", server.unique("bob") + "@example.org"
    _, name = server.user(group, "-e", mail)
    _, gone = server.user(group, "-e", inactive)
    server.root("user", "leavegroup", "--name", gone, "--group-name", "user").expect()
    answer = server.root("user", "email").expect(outs=[mail], errs=["Missing email addresses:", "root root"])
    assert inactive not in answer.out, answer
    server.root("user", "email", "-n", "-1", "-i").expect(outs=['"Ada Löwe 🦁" <%s>\n' % mail], err="")
    server.root("user", "email", "--all", "-i").expect(outs=[mail, inactive], err="")

# MARK: group


def check_group_add(server):
    for kind, permissions in (("private", "rw----"), ("read-only", "rwr---"), ("read-annotate", "rwra--"),
                              ("read-write", "rwrw--")):
        name = server.unique("ä " + kind)
        answer = server.root("group", "add", name, "--type", kind)
        answer.expect("Added group %s (id=%d) with permissions %s" % (name, number(answer), permissions), "")
        row = server.row("group", name)
        equal((row["id"], row["name"], row["perms"], row["ldap"], row["# of owners"], row["# of members"]),
              (str(number(answer)), name, permissions, "False", "0", "0"))
    exists = "Group exists: %s (id=%s)" % (name, row["id"])
    server.root("group", "add", name).expect("", exists, code=3)
    server.root("group", "add", name, "--ignore-existing").expect(exists, "")
    server.root("group", "add", server.unique("x"), "--perms", "rubbish").expect("", code=505)
    person, _, _ = server.member()
    person("group", "add", server.unique("x")).expect("", "SecurityViolation: Admins only!", code=111)


def check_group_list_and_info(server):
    person, (user, _), (group, name) = server.member()
    rows = {row["name"]: row for row in server.root("group", "list", "--style", "csv").rows()}
    equal([(rows[n]["id"], rows[n]["perms"]) for n in ("system", "user", "guest")],
          [("0", "rw----"), ("1", "rwr-r-"), ("2", "rw----")])
    equal((rows[name]["id"], rows[name]["# of members"]), (str(group), "1"))
    rows = person("group", "info", "--long", "--style", "csv").rows()
    equal([(row["id"], row["owner ids"], row["member ids"]) for row in rows], [(str(group), "", str(user))])
    person("group", "info", "no-such-group").expect("", "Unknown group: no-such-group\nNo group found", code=504)


def check_group_members(server):
    group, name = server.group()
    (first, first_name), (second, second_name) = server.user(name), server.user(server.group()[1])
    server.root("group", "adduser", "--name", name, second_name).expect("Added %d to group %d" % (second, group), "")
    server.root("group", "adduser", "--id", group, "--user-id", second).expect(
        "%d is already in group %d" % (second, group), "")
    server.root("group", "adduser", "--name", name, first_name, "--as-owner").expect(
        "Added %d to the owner list of group %d" % (first, group), "")
    rows = server.root("group", "listusers", name, "--style", "csv", "--sort-by-id").rows()
    equal([(row["id"], row["login"], row["owner of"]) for row in rows],
          [(str(first), first_name, str(group)), (str(second), second_name, "")])
    # A leader changes who is in the group.
    leader = server.person()
    server.log_in(leader, first_name, "secret").expect()
    leader("group", "removeuser", "--name", name, second_name).expect("Removed %d from group %d" % (second, group), "")
    leader("group", "removeuser", "--name", name, second_name).expect("%d is not in group %d" % (second, group), "")
    server.root("group", "removeuser", "--name", name, first_name, "--as-owner").expect(
        "Removed %d from the owner list of group %d" % (first, group), "")
    row = server.row("group", name)
    equal((row["# of owners"], row["# of members"]), ("0", "1"))
    answer = leader("group", "adduser", "--name", name, "--user-id", second)
    assert answer.code != 0 and "SecurityViolation" in answer.err, answer
    server.root("group", "adduser", "--name", "no-such-group", first_name).expect(
        "", "Unknown group: no-such-group", code=503)


def check_group_perms(server):
    group, name = server.group("private")
    server.root("group", "perms", "--name", name, "--type", "read-write").expect(
        "Changed permissions for group %s (id=%d) to rwrw--" % (name, group), "")
    server.root("group", "perms", "--id", group, "--perms", "rwrw--").expect(
        "Permissions for group %s (id=%d) already rwrw--" % (name, group), "")
    equal(server.row("group", name)["perms"], "rwrw--")
    # Leaders may, members may not.
    _, leader_name = server.user(name)
    person = server.person()
    server.log_in(person, leader_name, "secret").expect()
    person("group", "perms", "--name", name, "--type", "private").expect(
        "", code=504, errs=["Cannot change permissions for group %s (id=%d) to rw----" % (name, group)])
    server.root("group", "adduser", "--name", name, leader_name, "--as-owner").expect()
    person("group", "perms", "--name", name, "--type", "private").expect(
        "Changed permissions for group %s (id=%d) to rw----" % (name, group), "")
    equal(server.row("group", name)["perms"], "rw----")


def check_group_copyusers(server):
    (_, source), (target, target_name) = server.group(), server.group()
    first, second = server.user(source)[0], server.user(source)[0]
    server.root("group", "adduser", "--name", source, "--user-id", second, "--as-owner").expect()
    server.root("group", "copyusers", source, target_name).expect(
        outs=["Added %d to group %d" % (first, target), "Added %d to group %d" % (second, target),
              "Users of %s copied to %s" % (source, target_name)], err="")
    server.root("group", "copyusers", source, target_name, "--as-owner").expect(
        "Added %d to the owner list of group %d\nOwners of %s copied to %s" % (second, target, source, target_name), "")
    row = server.row("group", target_name, "--long")
    equal((row["owner ids"], row["member ids"]), (str(second), str(first)))
    server.root("group", "copyusers", source, "no-such-group").expect("", "Unknown group: no-such-group", code=503)

# MARK: ldap


def check_ldap(server):
    server.root("ldap", "active").expect("", "No", code=1)
    equal(server.root("ldap", "list", "--style", "csv").expect(err="").out.strip(), "#,Id,OmeName,DN")
    person, _, _ = server.member()
    person("ldap", "active").expect("", "SecurityViolation: Admins only!", code=111)


if __name__ == "__main__":
    drive(globals(), Server)
