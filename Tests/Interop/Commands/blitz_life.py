"""The command `blitz` as people and scripts use it, next to the unmodified `omero` command. See README.md."""

import argparse
import json
import os
import re
import shutil
import signal
import socket
import stat
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Server"))

from checks import Checks, equal, eventually  # noqa: E402
from cli import Cli  # noqa: E402
from blitz import Blitz, KeepsAlive, RealServer, Server  # noqa: E402
from path import Path  # noqa: E402

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class World:
    """A server and a folder for the homes of people."""

    def __init__(self, options):
        self.path = os.path.abspath(options.blitz)
        self.folder = tempfile.mkdtemp(prefix="blitz-life-")
        self.number = 0
        self.server = Server(self.path, os.path.join(self.folder, "data"))

    def home(self):
        self.number += 1
        return os.path.join(self.folder, "home%d" % self.number)

    def person(self):
        """Somebody who has never logged in."""
        return Blitz(self.path, self.home())

    def logged_in(self, user="sample-leader", password="leader-1", *arguments):
        blitz = self.person()
        blitz("login", self.server.at(user), "-w", password, *arguments).expect()
        return blitz


def nothing_secret(answer, *secrets):
    for secret in secrets:
        assert secret not in answer.out + answer.err, "%r shows %r" % (answer, secret)


# MARK: The life of a session


def check_log_in_who_am_i_list_log_out(world):
    blitz = world.person()
    answer = blitz("login", world.server.at("sample-leader"), "--password-stdin", stdin="leader-1\n")
    answer.expect(errs=["Logged in as sample-leader (Lena Leiter)", world.server.fingerprint.split(":")[0]])
    nothing_secret(answer, "leader-1")
    me = blitz("whoami", "--json").json()
    expected = {"host": world.server.host, "port": world.server.port, "secure": True, "userName": "sample-leader",
                "fullName": "Lena Leiter", "groupName": "sample-private", "isAdmin": False, "isFullAdmin": False,
                "adminPrivileges": []}
    equal({key: me.get(key) for key in expected}, expected)
    assert isinstance(me["userId"], int) and isinstance(me["groupId"], int), me
    samples = ["sample-private", "sample-read-annotate", "sample-read-only", "sample-read-write"]
    equal(sorted(one["name"] for one in me["memberOf"]), samples + ["user"])
    equal(sorted(one["name"] for one in me["leaderOf"]), samples)
    assert all(isinstance(one["id"], int) for one in me["memberOf"] + me["leaderOf"]), me
    assert "sessionKey" not in me, me
    assert KEY.fullmatch(blitz("whoami", "--json", "--show-key").json()["sessionKey"])
    rows = blitz("ls", "project", "--json").rows()
    equal({row["ownerName"] for row in rows}, {"sample-leader", "sample-member", "sample-loner"})
    own = [row for row in rows if row["ownerName"] == "sample-leader"]
    equal(own[0], {"type": "Project", "id": own[0]["id"], "name": "Lena's Projekt ☃", "ownerId": me["userId"],
                   "ownerName": "sample-leader", "groupId": me["groupId"], "groupName": "sample-private"})
    blitz("logout").expect(errs=["Logged out sample-leader@"])
    blitz("whoami").fails(8, "nobody is logged in")


def check_the_fingerprint_is_shown_once_and_kept_private(world):
    blitz = world.person()
    first = blitz("login", world.server.at("sample-leader"), "-w", "leader-1").expect(errs=["First connection"])
    digits = world.server.fingerprint.replace(":", "").lower()
    assert digits in first.err.replace(":", "").lower(), first
    second = blitz("whoami").expect()
    assert "First connection" not in second.err, second
    mode = os.stat(os.path.join(blitz.home, "known_servers")).st_mode
    equal(stat.S_IMODE(mode), 0o600)


def check_a_changed_certificate_is_refused(world):
    blitz = world.logged_in()
    known = os.path.join(blitz.home, "known_servers")
    with open(known, encoding="utf-8") as file:
        text = file.read()
    with open(known, "w", encoding="utf-8") as file:
        file.write(re.sub(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}", "00" + ":00" * 31, text))
    blitz("whoami").fails(4, "fingerprint", known)
    blitz("doctor").expect(4, outs=["BAD"])


def check_listing_in_groups_and_by_owner(world):
    blitz = world.logged_in()
    everywhere = blitz("ls", "projects", "--group", "all", "--json").rows()
    here = blitz("ls", "projects", "--json").rows()
    assert len(everywhere) > len(here) == 3, (everywhere, here)
    equal(len({row["groupName"] for row in everywhere}), 4)
    there = blitz("ls", "projects", "--group", "sample-read-only", "--json").rows()
    equal({row["groupName"] for row in there}, {"sample-read-only"})
    own = blitz("ls", "images", "--owner", "me", "--json").rows()
    equal((len(own), {row["ownerName"] for row in own}), (12, {"sample-leader"}))
    equal(len(blitz("ls", "images", "--owner", "sample-member", "--limit", 5, "--json").rows()), 5)
    equal({row["type"] for row in blitz("ls", "--json").rows()}, {"Project", "Screen"})
    blitz("ls", "project").expect(outs=["OBJECT", "Lena's Projekt ☃"])
    blitz("ls", "project", "--group", "nothing").fails(11, "nothing")


def check_objects_and_queries(world):
    blitz = world.logged_in()
    image = blitz("ls", "images", "--owner", "me", "--limit", 1, "--json").rows()[0]
    whole = blitz("get", "Image:%d" % image["id"], "--json").json()
    equal([whole[key] for key in ("type", "id", "name", "ownerName", "groupId")],
          ["Image", image["id"], image["name"], "sample-leader", image["groupId"]])
    assert "delete" in whole["may"], whole
    blitz("get", "image:%d" % image["id"]).expect(outs=[image["name"]])
    blitz("get", "Image:999999").fails(11, "there is no Image 999999")
    rows = blitz("hql", "select i.id, i.name, i from Image i where i.id = :id", "--param", "id=%d" % image["id"],
                 "--json").rows()
    equal(rows, [[image["id"], image["name"], {"type": "Image", "id": image["id"], "name": image["name"]}]])
    equal(blitz("hql", "select count(*) from Project p", "--group", "all", "--json").rows()[0][0],
          len(blitz("ls", "projects", "--group", "all", "--json").rows()))
    wrong = blitz("hql", "select x from Nothing x").expect(12)
    assert wrong.err.startswith("error: "), wrong


def check_variables_come_before_the_stored_session(world):
    blitz = world.logged_in()
    variables = {"OMERO_HOST": world.server.host, "OMERO_PORT": str(world.server.port), "OMERO_USER": "sample-member",
                 "OMERO_PASSWORD": "member-2"}
    equal(blitz("whoami", "--json", **variables).json()["userName"], "sample-member")
    group = blitz("whoami", "--json", OMERO_GROUP="sample-read-write", **variables).json()
    equal((group["userName"], group["groupName"]), ("sample-member", "sample-read-write"))
    equal(blitz("whoami", "--json").json()["userName"], "sample-leader")
    equal(blitz("whoami", "--json", OMERO_GROUP="sample-read-only").json()["groupName"], "sample-read-only")
    stranger = world.person()
    equal(stranger("whoami", "--json", **variables).json()["userName"], "sample-member")
    equal(stranger("sessions", "list", "--json").rows(), [])


def check_the_session_keeps_its_group_and_limits(world):
    blitz = world.logged_in("sample-member", "member-2", "-g", "sample-read-write", "--timeout", "900")
    me = blitz("whoami", "--json").json()
    equal((me["groupName"], me["idleSeconds"]), ("sample-read-write", 900))
    blitz("sessions", "group", "sample-private").expect(outs=["sample-private"])
    equal(blitz("whoami", "--json").json()["groupName"], "sample-private")
    blitz("sessions", "timeout", 1200).expect(outs=["20 min"])
    equal(blitz("sessions", "timeout", "--json").json()["idleSeconds"], 1200)
    listed = blitz("sessions", "list", "--json").rows()
    equal([(row["user"], row["state"], row["current"], row["group"]) for row in listed],
          [("sample-member", "open", True, "sample-private")])
    key = blitz("sessions", "key").expect().out.strip()
    assert KEY.fullmatch(key), key
    path = blitz("sessions", "file").expect().out.strip()
    equal((os.path.basename(path), stat.S_IMODE(os.stat(path).st_mode)), (key, 0o600))
    other = world.person()
    other("login", "%s:%d" % (world.server.host, world.server.port), "--key", key).expect(errs=["Joined a session"])
    equal(other("whoami", "--json").json()["userName"], "sample-member")
    other("logout").expect()
    blitz("whoami").fails(8, "is over", "blitz login sample-member@")
    blitz("whoami").fails(8, "nobody is logged in")


def check_logging_in_again_takes_up_the_session(world):
    blitz = world.logged_in()
    key = blitz("sessions", "key").out
    blitz("login", world.server.at("sample-leader")).expect(errs=["Still logged in as sample-leader"])
    blitz("login").expect(errs=["Still logged in as sample-leader"])
    equal(blitz("sessions", "key").out, key)
    blitz("login", world.server.at("sample-leader"), "-w", "leader-1").expect(errs=["Logged in as"])
    equal(len(blitz("sessions", "list", "--json").rows()), 2)
    blitz("sessions", "clear").expect(outs=["2 sessions cleared"])
    blitz("whoami").fails(8)


def check_keeping_alive_and_ctrl_c(world):
    blitz = world.logged_in()
    assert blitz("sessions", "keepalive", "--every", 1, "--for", 2, "--json").json()["beats"] >= 2
    process = blitz.start("sessions", "keepalive", "--every", 1)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    equal(process.wait(10), 130)
    process.communicate()
    blitz("whoami").expect()


def check_a_session_that_is_kept_outlives_a_server_that_is_killed(world):
    folder, keeping = os.path.join(world.folder, "killed"), None
    server = Server(world.path, folder)
    try:
        with Path(server.port) as path:
            blitz = world.person()
            blitz("login", "sample-leader@%s:%d" % (server.host, path.port), "-w", "leader-1").expect()
            key = blitz("whoami", "--json", "--show-key").json()["sessionKey"]
            keeping = KeepsAlive(blitz, 1, 12)
            server.process.kill()
            server.process.wait()
            known, server = path.accepted, Server(world.path, folder)
            path.target = server.port
            eventually(lambda: path.accepted > known, "the gateway came back")
            beats = keeping.beats()
            assert beats > 2, "%d beats" % beats
            equal(blitz("whoami", "--json", "--show-key").json()["sessionKey"], key)
    finally:
        if keeping:
            keeping.stop()
        server.stop()


# MARK: Acting for others, people and groups


def check_log_in_for_somebody_else(world):
    blitz = world.person()
    answer = blitz("login", world.server.at("sample-loner"), "--sudo", "root", "--password-stdin", stdin="omero\n")
    answer.expect(errs=["root is logged in as sample-loner"])
    me = blitz("whoami", "--json").json()
    equal((me["userName"], me["actingUser"]), ("sample-loner", "root"))
    blitz("logout").expect()
    blitz("login", world.server.at("root"), "--sudo", "sample-loner", "-w", "loner-3").fails(10)
    root = world.logged_in("root", "omero")
    key = root("sessions", "open", "sample-reader").expect().out.strip()
    reader = world.person()
    reader("login", "%s:%d" % (world.server.host, world.server.port), "-k", key).expect()
    equal(reader("whoami", "--json").json()["userName"], "sample-reader")
    root("sessions", "close", key).expect(outs=["1 ended"])
    reader("whoami").fails(8)
    assert any(row["own"] for row in root("sessions", "who", "--json").rows())


def check_people_and_groups(world):
    root = world.logged_in("root", "omero")
    group = root("group", "add", "Lab 7", "--type", "read-annotate", "--description", "Äpfel", "--json").json()
    equal((group["name"], group["permissions"], group["description"]), ("Lab 7", "read-annotate", "Äpfel"))
    secret = os.path.join(world.folder, "secret")
    with open(secret, "w", encoding="utf-8") as file:
        file.write("geheim-42\n")
    user = root("user", "add", "ami", "Ami", "Löwe 🦁", "--group", "Lab 7", "--email", "ami@example.org",
                "--new-password-file", secret, "--json").json()
    equal((user["name"], user["email"], user["active"], user["groups"][0]["name"]),
          ("ami", "ami@example.org", True, "Lab 7"))
    ami = world.logged_in("ami", "geheim-42")
    equal(ami("whoami", "--json").json()["fullName"], "Ami Löwe 🦁")
    ami("user", "edit", "ami", "--institution", "Zoo").expect()
    ami("user", "password", "--password-stdin", stdin="geheim-42\nneu-43\n").expect(outs=["ami is changed"])
    world.person()("login", world.server.at("ami"), "-w", "geheim-42").fails(6)
    world.logged_in("ami", "neu-43")
    root("user", "password", "ami", "--password-stdin", stdin="omero\nneu-44\n").expect()
    world.logged_in("ami", "neu-44")
    ami("user", "add", "x", "X", "Y", "--group", "Lab 7", "--no-password").fails(10)
    joined = root("user", "join", "ami", "sample-read-only", "--as-leader", "--json").json()
    equal([one["name"] for one in joined["leads"]], ["sample-read-only"])
    plain = root("user", "leave", "ami", "sample-read-only", "--as-leader", "--json").json()
    equal(plain["leads"], [])
    equal(root("user", "edit", "ami", "--default-group", "sample-read-only", "--json").json()["groups"][0]["name"],
          "sample-read-only")
    left = root("user", "leave", "ami", "Lab 7", "--json").json()
    assert "Lab 7" not in [one["name"] for one in left["groups"]], left
    back = root("group", "join", "Lab 7", "ami", "--json").json()
    equal([one["name"] for one in back["members"]], ["ami"])
    equal(root("group", "permissions", "Lab 7", "private", "--json").json()["permissions"], "private")
    equal(root("group", "edit", "Lab 7", "--name", "Lab 8", "--json").json()["name"], "Lab 8")
    equal(root("user", "edit", "ami", "--no-active", "--json").json()["active"], False)
    world.person()("login", world.server.at("ami"), "-w", "neu-44").fails(6)
    admin = root("user", "add", "bo", "Bo", "B", "--admin", "--privileges", "Sudo,ReadSession", "--no-password", "--json")
    admins = {row["name"]: row for row in root("admins", "--json").rows()}
    equal(admin.json()["name"], "bo")
    equal((admins["bo"]["adminPrivileges"], admins["root"]["isFullAdmin"]), (["ReadSession", "Sudo"], True))
    equal(root("privileges", "bo", "--json").json()["adminPrivileges"], ["ReadSession", "Sudo"])
    assert "ami" in [row["name"] for row in root("users", "--json").rows()]
    assert "Lab 8" in [row["name"] for row in root("groups", "--json").rows()]
    equal([row["name"] for row in root("users", "--group", "Lab 8", "--json").rows()], ["ami"])


# MARK: Next to the omero command


def check_omero_sees_the_session_of_blitz(world):
    blitz = world.logged_in()
    key = blitz("sessions", "key").out.strip()
    omero = Cli(blitz.home)
    listed = omero("sessions", "list").table()
    equal([(row["User"], row["Session"], row["Active"]) for row in listed], [("sample-leader", key, "Logged in")])
    equal(omero("sessions", "key").expect().out.strip(), key)
    omero("sessions", "group").expect(outs=["ExperimenterGroup:"])
    blitz("whoami").expect()
    omero("logout").expect()
    blitz("whoami").fails(8)


def check_blitz_uses_the_session_of_omero(world):
    home = world.home()
    omero, blitz = Cli(home), Blitz(world.path, home)
    omero("login", world.server.at("sample-member"), "-w", "member-2").expect()
    key = omero("sessions", "key").out.strip()
    me = blitz("whoami", "--json", "--show-key").json()
    equal((me["userName"], me["sessionKey"]), ("sample-member", key))
    equal([(row["user"], row["state"], row["current"]) for row in blitz("sessions", "--json").rows()],
          [("sample-member", "open", True)])
    blitz("login", world.server.at("sample-member")).expect(errs=["Still logged in"])
    equal(omero("sessions", "key").out.strip(), key)
    blitz("logout").expect()
    equal(omero("sessions", "list").table(), [])


# MARK: Another server


def check_behind_the_real_router(world):
    server = RealServer()
    try:
        blitz = world.person()
        blitz("login", server.at("sample-leader"), "-w", "leader-1").expect(errs=["Logged in as sample-leader"])
        me = blitz("whoami", "--json").json()
        equal((me["userName"], me["groupName"], me["secure"]), ("sample-leader", "sample-private", True))
        equal({row["outcome"] for row in blitz("doctor", "--json").rows()}, {"good"})
        assert len(blitz("groups", "--json").rows()) > 5
        equal([row["state"] for row in blitz("sessions", "--json").rows()], ["open"])
        blitz("sessions", "group", "sample-read-only").expect(outs=["sample-read-only"])
        equal(blitz("whoami", "--json").json()["groupName"], "sample-read-only")
        world.person()("login", server.at("sample-leader"), "-w", "wrong").fails(6, "does not accept")
        sudo = world.person()
        sudo("login", server.at("sample-member"), "--sudo", "root", "-w", "omero").expect()
        equal(sudo("whoami", "--json").json()["actingUser"], "root")
        blitz("logout").expect(errs=["Logged out"])
        blitz("whoami").fails(8)
    finally:
        server.stop()


# MARK: Mistakes of typing; the others are in blitz_mistakes.py


def check_mistakes_on_the_command_line(world):
    blitz = world.person()
    blitz("frobnicate").expect(64, errs=["Usage:"])
    blitz("login", "-w", "a", "--password-stdin", "x@y").expect(64, errs=["exclude each other"])
    blitz("ls", "nothing-known").expect(64, errs=["nothing-known"])
    blitz("help", "exit-codes").expect(outs=["64", "130", "refused"])
    blitz("--help").expect(outs=["blitz login user@host", "exit-codes"])
    codes = {row["exitCode"] for row in blitz("exit-codes", "--json").rows()}
    assert {0, 2, 3, 6, 8, 130} <= codes, codes


# MARK: At a terminal


def check_prompts_and_a_hidden_password(world):
    blitz, server = world.person(), world.server
    answer = blitz.terminal("login", answers=[
        ("Server [", "%s:%d" % (server.host, server.port)), ("User at", "sample-leadx\x7fer"),
        ("Password of sample-leader", "wrong"), ("Password of sample-leader", "leader-1")])
    answer.expect(outs=["Logged in as sample-leader", "Once more, or Ctrl-C"])
    assert "leader-1" not in answer.out and "wrong" not in answer.out, answer
    seen = blitz.terminal("whoami").expect(outs=["Lena Leiter"])
    assert "\x1b[" in seen.out, seen
    assert "\x1b[2m" not in blitz.terminal("whoami", NO_COLOR="1").out
    asked = world.person().terminal(
        "whoami", "--server", "%s:%d" % (server.host, server.port), answers=[("User at", "sample-member"), ("Password", "member-2")])
    asked.expect(outs=["Mia Mehrere"])


def check_ctrl_c_at_a_prompt(world):
    blitz = world.person()
    answer = blitz.terminal("login", world.server.at("sample-leader"), answers=[("Password of", b"lead\x03")])
    answer.expect(130)
    assert answer.terminal_is_restored, answer
    assert "lead\n" not in answer.out and "error" not in answer.out, answer
    equal(blitz.terminal("login", answers=[("Server [", b"\x04")]).code, 130)


def check_a_signal_at_a_prompt(world):
    answer = world.person().terminal("login", world.server.at("sample-leader"), answers=[("Password of", signal.SIGTERM)])
    answer.expect(130)
    assert answer.terminal_is_restored, answer


def check_ctrl_c_while_connecting(world):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        process = world.person().start("login", "x@127.0.0.1:%d" % silent.getsockname()[1], "-w", "p")
        silent.accept()
        started = time.time()
        process.send_signal(signal.SIGINT)
        equal(process.wait(10), 130)
        assert time.time() - started < 6, "it took %.1f s" % (time.time() - started)
        equal(process.communicate(), (b"", b""))


def check_a_narrow_terminal(world):
    blitz = world.logged_in()
    for columns in (40, 60):
        answer = blitz.terminal("ls", "images", "--group", "all", columns=columns).expect(outs=["…"])
        plain = re.sub(r"\x1b\[[0-9;]*[mK]|\r", "", answer.out)
        long = [line for line in plain.splitlines() if len(line) > columns and "Connecting" not in line]
        equal(long, [])


# MARK: Doctor and demo


def check_the_doctor(world):
    blitz = world.logged_in()
    rows = {row["step"]: row for row in blitz("doctor", "--json").rows()}
    wanted = ["settings", "resolve", "connect", "TLS", "router", "session", "version", "group", "clock", "limits", "calls"]
    equal(list(rows), wanted)
    equal({row["outcome"] for row in rows.values()}, {"good"})
    assert "SHA-256" in rows["TLS"]["found"] and "TLS 1." in rows["TLS"]["found"], rows["TLS"]
    new = world.person()
    new("doctor", "%s:%d" % (world.server.host, world.server.port)).expect(outs=["new here", "not tried"])
    assert not os.path.exists(os.path.join(new.home, "known_servers"))
    plain = new("doctor", "tcp://127.0.0.1:%d" % world.server.plain).expect(outs=["not encrypted"])
    assert "look" in plain.out, plain
    new("doctor", world.server.at("sample-loner"), "--password-stdin", stdin="wrong\n").expect(6, outs=["BAD  log-in"])


def check_the_demo(world):
    blitz = world.person()
    answer = blitz("demo").expect(outs=["Act as another user", "How to go on", "all as they should be"])
    # The README's picture of a session: its headings and its Swift, with whatever port there was.
    with open(os.path.join(ROOT, "README.md"), encoding="utf-8") as file:
        picture = file.read().split("```text\n")[1].split("\n```")[0]
    portless = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", answer.out).splitlines()
    shown = [line for line in re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", picture).splitlines() if re.match(r"\d\. | {5}", line)]
    assert len(shown) > 5, picture
    equal([line for line in shown if line not in portless], [])
    rows = blitz("demo", "--json").rows()
    equal([row["step"] for row in rows], list(range(1, 10)))
    assert not os.path.exists(blitz.home), "the demo left something behind"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--blitz", required=True)
    parser.add_argument("--only", help="checks whose name has this in it")
    options = parser.parse_args()
    world = World(options)
    checks = Checks()
    try:
        functions = [one for name, one in globals().items() if name.startswith("check_")]
        checks.run([one for one in functions if not options.only or options.only in one.__name__], world)
    finally:
        code = world.server.stop()
        shutil.rmtree(world.folder, ignore_errors=True)
    if code != 0:
        checks.failed += 1
        print(json.dumps({"check": "the server ends in order", "ok": False, "found": "exit code %s" % code}))
    checks.end()


main()
