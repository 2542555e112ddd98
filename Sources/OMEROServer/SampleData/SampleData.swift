import OMEROAccess
import OMEROModel
import OMEROStore

/// Groups, users and data to try things out on; Documentation/SampleData.md has them as tables.
///
/// ```swift
/// var configuration = ServerConfiguration.testing
/// configuration.sampleData = true
/// try await OMEROServer.withServer(configuration) { server in … }
/// ```
public enum SampleData {
    /// A group of the sample data.
    public struct Group: Sendable, Hashable {
        /// The group's name.
        public let name: String
        /// Such as `rwr---`.
        public let permissions: String
        /// What the group is for.
        public let description: String
    }

    /// A user of the sample data.
    public struct User: Sendable, Hashable {
        /// The log-in name.
        public let name: String
        /// The first name.
        public let firstName: String
        /// The last name.
        public let lastName: String
        /// Known to everybody.
        public let password: String
        /// The groups' names; the first is the default group.
        public let groups: [String]
        /// Those of them that the user leads.
        public var leads: Set<String> = []
        /// Of an administrator all privileges, unless these are given.
        public var privileges: Set<String>?
        /// Members of the group `user` are active.
        public var isActive = true

        /// The e-mail address.
        public var email: String { name + "@sample.example.org" }
    }

    /// One group of each permission level, and one whose name is not ASCII.
    public static let groups = [
        Group(name: "sample-private", permissions: "rw----", description: "Members see their own data only."),
        Group(name: "sample-read-only", permissions: "rwr---", description: "Members see each other's data."),
        Group(
            name: "sample-read-annotate", permissions: "rwra--", description: "Members annotate each other's data."),
        Group(name: "sample-read-write", permissions: "rwrw--", description: "Members change each other's data."),
        Group(name: "sample-Gruppe 漢字 🔬", permissions: "rwra--", description: "A name that is not ASCII. Ünï ☃"),
    ]

    private static let levels = groups.prefix(4).map(\.name)

    /// All users, those that can't log in among them.
    public static let users = [
        User(
            name: "sample-leader", firstName: "Lena", lastName: "Leiter", password: "leader-1",
            groups: levels, leads: Set(levels)),
        User(
            name: "sample-member", firstName: "Mia", lastName: "Mehrere", password: "member-2",
            groups: ["sample-read-annotate", "sample-private", "sample-read-only", "sample-read-write"]),
        User(
            name: "sample-loner", firstName: "Paul", lastName: "Privat", password: "loner-3",
            groups: ["sample-private"]),
        User(
            name: "sample-reader", firstName: "Rita", lastName: "Reed", password: "reader-4",
            groups: ["sample-read-only"]),
        User(
            name: "sample-zoë", firstName: "Zoë", lastName: "山田 🦁", password: "zoë-5",
            groups: ["sample-Gruppe 漢字 🔬", "sample-read-write"], leads: ["sample-Gruppe 漢字 🔬"]),
        User(
            name: "sample-light-admin", firstName: "Linus", lastName: "Light", password: "light-6",
            groups: ["system"], privileges: ["ReadSession", "Sudo", "WriteOwned"]),
        User(
            name: "sample-admin", firstName: "Ada", lastName: "Admin", password: "admin-7",
            groups: ["system", "sample-read-annotate"]),
        User(
            name: "sample-inactive", firstName: "Ines", lastName: "Inaktiv", password: "inactive-8",
            groups: ["sample-read-only"], isActive: false),
    ]

    /// What the database says once the sample data are there.
    static let mark = (key: "swift-omero.sample-data", value: "1")

    /// Puts the sample data into a database, unless they are there already; whether it did.
    ///
    /// - Throws: `StoreError`, if a user or group of one of the names is there that is not part of sample data.
    @discardableResult
    static func install(in store: Store) async throws -> Bool {
        guard try await store.read({ try $0.configuration(mark.key) }) == nil else { return false }
        var passwords: [String: StoredPassword] = [:]
        for user in users { passwords[user.name] = try await store.prepare(password: user.password) }
        return try await store.write { [passwords] transaction in
            guard try transaction.setConfiguration(mark.key, mark.value, ifEquals: nil) else { return false }
            var people = try SamplePeople(transaction)
            try people.insert(passwords)
            for user in users {
                for group in user.groups where group != BuiltIn.systemGroupName {
                    try SampleObjects(transaction, people.author(user.name, group), user, group).insert()
                }
            }
            return true
        }
    }
}

extension OMEROServer {
    /// Puts ``SampleData`` into the database, unless they are there already; whether it did.
    @discardableResult
    public func addSampleData() async throws -> Bool {
        let isNew = try await SampleData.install(in: core.store)
        if isNew { await core.reloadAll() }
        return isNew
    }
}

/// Inserts the groups and users.
private struct SamplePeople {
    private let transaction: WriteTransaction
    private var groups: [String: Int64] = [BuiltIn.systemGroupName: BuiltIn.systemGroup]
    private var users: [String: Int64] = [:]

    init(_ transaction: WriteTransaction) throws { self.transaction = transaction }

    mutating func insert(_ passwords: [String: StoredPassword]) throws {
        for group in SampleData.groups {
            var new = NewGroup(name: group.name)
            new.description = group.description
            new.permissions = (Permissions(group.permissions) ?? .privateGroup).rawValue
            groups[group.name] = try transaction.createGroup(new, by: .server)
        }
        for user in SampleData.users {
            let granted = Set((user.privileges ?? []).compactMap(Privilege.init(rawValue:)))
            let revoked = user.privileges == nil ? [] : Privilege.all.subtracting(granted)
            let id = try transaction.createUser(
                NewUser(
                    name: user.name,
                    firstName: user.firstName,
                    middleName: nil,
                    lastName: user.lastName,
                    institution: "Institute of Samples",
                    email: user.email,
                    config: revoked.sorted { $0.rawValue < $1.rawValue }.map {
                        NamedValue($0.configurationName, "false")
                    }
                ),
                by: .server
            )
            users[user.name] = id
            var memberships = user.groups.compactMap { groups[$0] }
            if user.isActive { memberships.append(BuiltIn.userGroup) }
            try transaction.addMemberships(user: id, groups: memberships, by: .server)
            for group in user.leads.sorted() {
                try transaction.setOwner(true, user: id, group: groups[group] ?? -1, by: .server)
            }
            if let password = passwords[user.name] { try transaction.setPassword(password, ofUser: id, by: .server) }
        }
    }

    func author(_ user: String, _ group: String) -> Author {
        Author(userID: users[user] ?? 0, groupID: groups[group] ?? 0, sessionID: 0, eventType: "Internal")
    }
}
