import ArgumentParser
import OMERO
import Testing

@testable import BlitzCommands

@Suite struct OptionTests {
    @Test func `login takes a target, a password, a group, an administrator, a time and a key`() throws {
        let plain = try parsed(LoginCommand.self, "login")
        #expect((plain.target, plain.password, plain.key) == (nil, nil, nil))
        let full = try parsed(
            LoginCommand.self, "login", "ami@host:14064", "-w", "pw", "-g", "Lab 7", "--sudo", "root", "--timeout",
            "90",
            "--json")
        #expect((full.target, full.password, full.group, full.sudo) == ("ami@host:14064", "pw", "Lab 7", "root"))
        #expect((full.timeout, full.output.json) == (90, true))
        #expect(try parsed(LoginCommand.self, "login", "host", "-k", "key").key == "key")
    }

    @Test(arguments: [
        (["login", "-w", "a", "--password-stdin"], "exclude each other"),
        (["login", "--key", "k", "-w", "a"], "no password"),
        (["login", "--key", "k", "--sudo", "root"], "no --sudo"),
        (["login", "--timeout", "0"], "1 or more"),
        (["sessions", "timeout", "0"], "1 or more"),
        (["sessions", "keepalive", "--for", "0"], "no number of seconds"),
        (["ls", "nothing"], "nothing"),
        (["ls", "--limit", "0"], "1 or more"),
        (["ls", "experimenter"], "blitz users"),
        (["get", "Image"], "Image"),
        (["get", "Image:-1"], "Image:-1"),
        (["get"], "type:id"),
        (["hql", "q", "--param", "=1"], "=1"),
        (["user", "add", "a", "A", "B"], "needs a group"),
        (["user", "add", "a", "A", "B", "-G", "g", "--privileges", "Sudo"], "belong to --admin"),
        (["user", "edit", "a"], "what to change"),
        (["user", "edit", "a", "--privileges", "Fly"], "Fly"),
        (["group", "edit", "a"], "what to change"),
        (["group", "add", "a", "--type", "open"], "open"),
        (["group", "join", "a"], "users"),
    ])
    func `what can't be is refused by name`(arguments: [String], says: String) {
        do {
            _ = try BlitzCommand.parseAsRoot(arguments)
            Issue.record("\(arguments) were taken")
        } catch {
            #expect(BlitzCommand.message(for: error).contains(says))
            #expect(BlitzCommand.exitCode(for: error).rawValue == ExitCause.usage.rawValue)
        }
    }

    @Test func `every command takes --json, and has a sentence of help`() {
        func check(_ type: any ParsableCommand.Type, _ path: [String]) {
            let name = path.joined(separator: " ")
            #expect(!type.configuration.abstract.isEmpty, "\(name)")
            let subcommands = type.configuration.subcommands
            if subcommands.isEmpty {
                #expect(type.helpMessage().contains("--json"), "\(name) has no --json")
            }
            for next in subcommands { check(next, path + [next._commandName]) }
        }
        check(BlitzCommand.self, ["blitz"])
    }

    @Test(arguments: [
        ("project", "Project"), ("Projects", "Project"), ("tag", "TagAnnotation"), ("runs", "PlateAcquisition"),
        ("plateAcquisition", "PlateAcquisition"), ("MapAnnotation", "MapAnnotation"), ("roi", "Roi"),
        ("Pixels", "Pixels"), ("images", "Image"), ("file", "OriginalFile"),
    ])
    func `classes of the model have the names that people type`(text: String, name: String) {
        #expect(ModelClass(argument: text)?.name == name)
    }

    @Test func `a reference is a class and a number`() {
        #expect(ObjectReferenceArgument(argument: "image:5")?.type.name == "Image")
        #expect(ObjectReferenceArgument(argument: "Image:5")?.id == 5)
        for text in ["Image", "Image:", ":5", "Image:x", "Image:5:6", "Nothing:5", "Image:-1"] {
            #expect(ObjectReferenceArgument(argument: text) == nil, "\(text)")
        }
    }

    @Test func `groups are one, all, or that of the session`() throws {
        #expect(try parsed(ListCommand.self, "ls").group == nil)
        #expect(try parsed(ListCommand.self, "ls", "--group", "all").group == .all)
        #expect(try parsed(ListCommand.self, "ls", "-g", "Lab 7").group == .named("Lab 7"))
    }

    @Test func `privileges and levels are known by their names`() {
        #expect(PrivilegeList(argument: "sudo,ReadSession")?.privileges == [.sudo, .readSession])
        #expect(PrivilegeList(argument: "none")?.privileges == [])
        #expect(PrivilegeList(argument: "all")?.privileges == Privilege.known)
        #expect(PrivilegeList(argument: "Sudo,Fly") == nil)
        #expect(PrivilegeList(argument: "") == nil)
        #expect(LevelArgument(argument: "read-annotate")?.level == .readAnnotate)
        #expect(LevelArgument(argument: "rwrw--")?.level == .readWrite)
        #expect(LevelArgument(argument: "rw") == nil)
    }
}
