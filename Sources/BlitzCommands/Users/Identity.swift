import OMERO

/// A number with its name, as lists of groups have them.
struct NamedID: Codable, Sendable, Hashable {
    var id: Int64
    /// Nil where the user may not see it.
    var name: String?
}

/// Who a session is and where, as `whoami` tells it.
struct IdentityReport: Codable, Sendable, Hashable {
    var host: String
    var port: Int
    var secure: Bool
    var serverVersion: String?
    var userId: Int64
    var userName: String
    var fullName: String
    var groupId: Int64
    var groupName: String
    /// The level of the group's permissions, such as read-annotate.
    var groupPermissions: String?
    var isAdmin: Bool
    var isFullAdmin: Bool
    var adminPrivileges: [String]
    var memberOf: [NamedID]
    var leaderOf: [NamedID]
    /// Who really acts, in a session that was made for another user.
    var actingUser: String?
    /// After so many seconds without a call the session ends.
    var idleSeconds: Int64?
    /// Only where it was asked for: whoever has it is this user.
    var sessionKey: String?

    /// Asks the server.
    init(of gateway: BlitzGateway, showKey: Bool = false) async throws {
        let me = try await gateway.whoAmI()
        async let user = gateway.user(me.userID)
        let names = Dictionary(
            try await gateway.myGroups().map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
        let address = gateway.address
        host = address?.host ?? ""
        port = address?.port ?? 0
        secure = gateway.isEncrypted
        serverVersion = gateway.serverVersion?.description
        userId = me.userID
        userName = me.userName
        fullName = try await user.fullName
        groupId = me.groupID
        groupName = me.groupName
        groupPermissions = me.groupPermissions.flatMap(PermissionLevel.init)?.rawValue
        isAdmin = me.isAdmin
        isFullAdmin = me.isFullAdmin
        adminPrivileges = me.privileges.map(\.rawValue).sorted()
        memberOf = me.memberOf.map { NamedID(id: $0, name: names[$0]) }
        leaderOf = me.leaderOf.map { NamedID(id: $0, name: names[$0]) }
        actingUser = me.sudoer?.name
        idleSeconds = gateway.sessionLimits.idle?.components.seconds
        if showKey { sessionKey = gateway.sessionKey }
    }

    func lines(on terminal: Terminal) -> [String] {
        func names(_ list: [NamedID]) -> String {
            list.isEmpty ? "–" : list.map { $0.name ?? "\($0.id)" }.joined(separator: ", ").onOneLine
        }
        var rows = [
            ("user", "\(userName) (\(fullName)), number \(userId)"),
            ("group", "\(groupName), number \(groupId)" + (groupPermissions.map { ", \($0)" } ?? "")),
            (
                "server",
                "\(host):\(port), \(secure ? "encrypted" : "NOT encrypted")"
                    + (serverVersion.map { ", OMERO \($0)" } ?? "")
            ),
            ("member of", names(memberOf)),
            ("leader of", names(leaderOf)),
        ]
        if isAdmin {
            rows.append(
                ("administrator", isFullAdmin ? "yes, without restrictions" : adminPrivileges.joined(separator: ", ")))
        }
        if let actingUser { rows.append(("acting user", actingUser)) }
        if let idleSeconds { rows.append(("session ends", "after \(duration(idleSeconds)) without a call")) }
        if let sessionKey { rows.append(("session key", sessionKey)) }
        return rows.map { terminal.styled($0.padded(to: 14), .dim) + $1.onOneLine }
    }
}

/// Such as `10 min` or `90 s`.
func duration(_ seconds: Int64) -> String {
    switch seconds {
    case ..<120: "\(seconds) s"
    case ..<7200 where seconds % 60 == 0: "\(seconds / 60) min"
    case ..<7200: "\(seconds / 60) min \(seconds % 60) s"
    default: "\(seconds / 3600) h\(seconds % 3600 >= 60 ? " \(seconds % 3600 / 60) min" : "")"
    }
}
