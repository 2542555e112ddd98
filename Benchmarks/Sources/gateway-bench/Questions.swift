import OMERO

/// Who the session's user is: what OMERO's connection guide shows, and `blitz whoami` tells.
struct WhoAmI: Encodable {
    var id: Int64
    var name: String
    var fullName: String
    var group: String
    var groups: [String]
    var leads: [String]
    var isAdmin: Bool
    var isFullAdmin: Bool
    var privileges: [String]

    init(asking gateway: BlitzGateway) async throws {
        async let context = gateway.whoAmI()
        let user = try await gateway.user(gateway.userID)
        let me = try await context
        let memberships = (user.memberships ?? []).filter { $0.groupName != "user" }
        id = me.userID
        name = user.name
        fullName = user.fullName
        group = me.groupName
        groups = memberships.compactMap(\.groupName).sorted()
        leads = memberships.filter(\.isLeader).compactMap(\.groupName).sorted()
        isAdmin = me.isAdmin
        isFullAdmin = me.isFullAdmin
        privileges = me.privileges.map(\.rawValue).sorted()
    }
}

/// What the pages of a web application ask for, one part per call.
struct WebPages: Sendable {
    let gateway: BlitzGateway
    let group: Int64

    /// Lines of a page.
    typealias Part = [[String]]

    func part(_ number: Int) async throws -> Part {
        switch number % 4 {
        case 0: try await head()
        case 1: try await members()
        case 2: try await count()
        default: try await projects()
        }
    }

    /// The head of a page: who is there, in which group.
    private func head() async throws -> Part {
        let me = try await gateway.whoAmI()
        return [[me.userName, me.groupName, "\(me.isAdmin)"]]
    }

    /// The group's members, for the menu.
    private func members() async throws -> Part {
        let group = try await gateway.group(group)
        return (group.members ?? []).map { [$0.fullName ?? "", "\($0.isLeader)"] }.sorted { $0[0] < $1[0] }
    }

    private func count() async throws -> Part { [["\(try await gateway.objects(Project.self).count())"]] }

    /// A page of a list: 200 projects with their owners.
    private func projects() async throws -> Part {
        try await gateway.objects(Project.self).limited(to: 200).all().map { project in
            let owner = project.details?.owner
            return [
                "\(project.id ?? -1)", try project.name, "\(try owner?.firstName ?? "") \(try owner?.lastName ?? "")",
                "\(Int(project.createdAt?.timeIntervalSince1970 ?? 0))", "\(project.canEdit)",
            ]
        }
    }
}
