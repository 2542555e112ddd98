import ArgumentParser
import OMERO
import OMEROModel

/// `blitz user add`
struct UserAddCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Make an account.",
        discussion: """
            Its first group is its default group. The new password is asked for; --no-password makes an account that \
            can't log in before it gets one.

            Example: blitz user add ami Ami Löwe --group Lab7 --email ami@example.org
            """
    )
    @Argument(help: "The name to log in with.")
    var name: String
    @Argument(help: "The first name.")
    var firstName: String
    @Argument(help: "The last name.")
    var lastName: String
    @Option(
        name: [.customShort("G"), .customLong("group")], help: "A group, by name or number; may be given several times."
    )
    var groups: [String] = []
    @Flag(help: "An administrator, without restrictions unless --privileges are given.")
    var admin = false
    @Option(help: "What the administrator may do, with commas in between, such as Sudo,ReadSession; or none.")
    var privileges: PrivilegeList?
    @OptionGroup var names: NameOptions
    @Option(help: "A file whose first line is the new account's password; - is standard input.", completion: .file())
    var newPasswordFile: String?
    @Flag(help: "Without a password.")
    var noPassword = false
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if groups.isEmpty, !admin { throw ValidationError("An account needs a group: --group NAME.") }
        if privileges != nil, !admin { throw ValidationError("--privileges belong to --admin.") }
        if noPassword, newPasswordFile != nil {
            throw ValidationError("--no-password and --new-password-file exclude each other.")
        }
        if newPasswordFile == "-", server.passwordStdin {
            throw ValidationError("Standard input can hold one password only: give your own in OMERO_PASSWORD.")
        }
    }

    func perform(on console: Console) async throws {
        let password = try noPassword ? nil : newPassword(console)
        var user = NewUser(name: name, firstName: firstName, lastName: lastName)
        user.middleName = names.middleName
        user.email = names.email
        user.institution = names.institution
        let record = try await server.withGateway(on: console) { [user] gateway in
            let groups = try await gateway.groups(namedOrNumbered: groups).map(\.id)
            let id: Int64
            if admin, groups.isEmpty {
                id = try await gateway.createRestrictedAdministrator(
                    user, password: password, privileges: privileges?.privileges ?? Privilege.known)
            } else {
                let system = admin ? [try await gateway.group(named: "system").id] : []
                id = try await gateway.createUser(
                    user, password: password, group: groups[0], others: Array(groups.dropFirst()) + system)
                if admin, let privileges {
                    try await gateway.setPrivileges(privileges.privileges, ofUser: id)
                }
            }
            return UserRecord(try await gateway.user(id))
        }
        try console.results([record])
    }

    private func newPassword(_ console: Console) throws -> String {
        let text: String
        switch newPasswordFile {
        case "-": text = try passwordFromInput(console)
        case let path?: text = try firstLine(ofFile: path)
        case nil:
            let missing = Failure(
                .setting, "there is no password for the new account, and this is no terminal to ask at",
                advice: "Use --new-password-file, or --no-password")
            text = try console.ask("Password of the new account \(name.onOneLine): ", hidden: true, orSay: missing)
            guard try console.ask("Once more: ", hidden: true, orSay: missing) == text else {
                throw Failure(.setting, "the two are not the same", advice: "Nothing was made: try again")
            }
        }
        guard !text.isEmpty else { throw Failure(.setting, "the new account's password is empty") }
        return text
    }
}

/// `blitz user edit`
struct UserEditCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "edit",
        abstract:
            "Change an account. Your own names, e-mail and institution are yours to change, the rest administrators'."
    )
    @Argument(help: "The user.")
    var user: String
    @Option(help: "A new name to log in with.")
    var name: String?
    @Option var firstName: String?
    @Option var lastName: String?
    @OptionGroup var names: NameOptions
    @Flag(inversion: .prefixedNo, help: "Whether the account may log in.")
    var active: Bool?
    @Option(help: "The group in which the user's sessions begin.")
    var defaultGroup: String?
    @Option(help: "What the administrator may do, with commas in between; or none, or all.")
    var privileges: PrivilegeList?
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    private var changesNames: Bool { name != nil || firstName != nil || lastName != nil || names.areGiven }

    func validate() throws {
        guard changesNames || active != nil || defaultGroup != nil || privileges != nil else {
            throw ValidationError("Say what to change; see blitz user edit --help.")
        }
    }

    func perform(on console: Console) async throws {
        let record = try await server.withGateway(on: console) { gateway in
            let id = try await gateway.user(namedOrNumbered: user).id
            if changesNames { try await gateway.updateUser(id, change) }
            if let defaultGroup {
                let group = try await gateway.group(namedOrNumbered: defaultGroup)
                try await gateway.setDefaultGroup(group.id, ofUser: id)
            }
            if let privileges { try await gateway.setPrivileges(privileges.privileges, ofUser: id) }
            if let active { try await gateway.setActive(active, ofUser: id) }
            return UserRecord(try await gateway.user(id))
        }
        try console.results([record])
    }

    private func change(_ draft: inout Draft<Experimenter>) {
        if let name { draft.omeName = name }
        if let firstName { draft.firstName = firstName }
        if let lastName { draft.lastName = lastName }
        if let text = names.middleName { draft.middleName = text.isEmpty ? nil : text }
        if let text = names.email { draft.email = text.isEmpty ? nil : text }
        if let text = names.institution { draft.institution = text.isEmpty ? nil : text }
    }
}

/// What accounts have beside their names.
struct NameOptions: ParsableArguments {
    @Option var middleName: String?
    @Option(help: "An empty text takes it away.")
    var email: String?
    @Option(help: "An empty text takes it away.")
    var institution: String?

    var areGiven: Bool { middleName != nil || email != nil || institution != nil }
}

/// Privileges with commas in between, `none` or `all`.
struct PrivilegeList: ExpressibleByArgument, Sendable {
    var privileges: Set<Privilege>

    init?(argument: String) {
        switch argument {
        case "none": privileges = []
        case "all": privileges = Privilege.known
        default:
            let known = Dictionary(uniqueKeysWithValues: Privilege.known.map { ($0.rawValue.lowercased(), $0) })
            var found: Set<Privilege> = []
            for word in argument.split(separator: ",") {
                guard let privilege = known[word.lowercased()] else { return nil }
                found.insert(privilege)
            }
            guard !found.isEmpty else { return nil }
            privileges = found
        }
    }

    static var allValueStrings: [String] { ["none", "all"] + Privilege.known.map(\.rawValue).sorted() }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}
