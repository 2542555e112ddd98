import OMEROAccess
import Testing

/// What users may do with a Dataset of somebody in a group, as OMERO 5.6 lets them: written down, not computed.
///
/// R read, A annotate, L link, E edit, D delete, G chgrp, O chown. The columns are the levels `rw----`, `rwr---`,
/// `rwra--`, `rwrw--` and `rwr-r-`.
struct RightsRow: Sendable, CustomTestStringConvertible {
    var who: String
    var identity: Identity
    /// The names of the groups whose roles the user has.
    var roles: [String] = ["user"]
    /// `omero.user`
    var actsFor: Int64?
    /// The call is in the object's group.
    var inGroup: [String]
    /// The call is in all groups (-1).
    var inAll: [String]
    /// The call is in another group.
    var inOther: [String] = ["", "", "", "", ""]

    var testDescription: String { who }
}

extension RightsRow {
    private static let owner = Fixture.ownerID
    private static let relevant: Set<Privilege> = [.writeOwned, .deleteOwned, .chgrp, .chown]

    static let table: [RightsRow] = [
        RightsRow(
            who: "owner",
            identity: Identity(Fixture.member(owner)),
            inGroup: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"],
            inAll: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"]
        ),
        RightsRow(
            who: "owner who leads the group",
            identity: Identity(Fixture.leader(owner)),
            inGroup: ["RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"],
            inAll: ["RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"]
        ),
        RightsRow(
            who: "owner who left the group",
            identity: Identity(Fixture.stranger(owner)),
            inGroup: ["", "", "", "", "RALEDG"],
            inAll: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"]
        ),
        RightsRow(
            who: "owner with all privileges",
            identity: Identity(Fixture.admin(owner, Privilege.all)),
            inGroup: ["RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"],
            inAll: ["RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"]
        ),
        RightsRow(
            who: "owner, a light administrator without privileges",
            identity: Identity(Fixture.admin(owner, [])),
            inGroup: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"],
            inAll: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"]
        ),
        RightsRow(
            who: "other member",
            identity: Identity(Fixture.member()),
            inGroup: ["", "R", "RA", "RALED", "R"],
            inAll: ["", "R", "RA", "RALED", "R"]
        ),
        RightsRow(
            who: "leader",
            identity: Identity(Fixture.leader()),
            inGroup: ["REDO", "RALEDO", "RALEDO", "RALEDO", "RALEDO"],
            inAll: ["REDO", "RALEDO", "RALEDO", "RALEDO", "RALEDO"]
        ),
        RightsRow(
            who: "leader of another group",
            identity: Identity(Fixture.account(memberOf: [20, 1], leaderOf: [20])),
            inGroup: ["", "", "", "", "R"],
            inAll: ["", "", "", "", "R"]
        ),
        RightsRow(
            who: "non-member",
            identity: Identity(Fixture.stranger()),
            inGroup: ["", "", "", "", "R"],
            inAll: ["", "", "", "", "R"]
        ),
        RightsRow(
            who: "full administrator",
            identity: Identity(Fixture.admin(Privilege.all)),
            inGroup: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"],
            inAll: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"]
        ),
        RightsRow(
            who: "full administrator acting for the owner",
            identity: Identity(Fixture.admin(Privilege.all)),
            actsFor: owner,
            inGroup: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"],
            inAll: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"]
        ),
        RightsRow(
            who: "full administrator who is a member",
            identity: Identity(Fixture.admin(Privilege.all, also: [10])),
            inGroup: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"],
            inAll: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"]
        ),
        RightsRow(
            who: "light administrator without privileges",
            identity: Identity(Fixture.admin([])),
            inGroup: ["R", "R", "R", "R", "R"],
            inAll: ["R", "R", "R", "R", "R"]
        ),
        RightsRow(
            who: "light administrator with all but the privileges for data",
            identity: Identity(Fixture.admin(Privilege.all.subtracting(relevant))),
            inGroup: ["R", "R", "R", "R", "R"],
            inAll: ["R", "R", "R", "R", "R"]
        ),
        RightsRow(
            who: "light administrator with the privileges for data",
            identity: Identity(Fixture.admin(relevant)),
            inGroup: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"],
            inAll: ["REDGO", "RALEDGO", "RALEDGO", "RALEDGO", "RALEDGO"]
        ),
        RightsRow(
            who: "light administrator with WriteOwned",
            identity: Identity(Fixture.admin([.writeOwned])),
            inGroup: ["RE", "RALE", "RALE", "RALE", "RALE"],
            inAll: ["RE", "RALE", "RALE", "RALE", "RALE"]
        ),
        RightsRow(
            who: "light administrator with DeleteOwned",
            identity: Identity(Fixture.admin([.deleteOwned])),
            inGroup: ["RD", "RD", "RD", "RD", "RD"],
            inAll: ["RD", "RD", "RD", "RD", "RD"]
        ),
        RightsRow(
            who: "light administrator with Chgrp",
            identity: Identity(Fixture.admin([.chgrp])),
            inGroup: ["RG", "RG", "RG", "RG", "RG"],
            inAll: ["RG", "RG", "RG", "RG", "RG"]
        ),
        RightsRow(
            who: "light administrator with Chown",
            identity: Identity(Fixture.admin([.chown])),
            inGroup: ["RO", "RO", "RO", "RO", "RO"],
            inAll: ["RO", "RO", "RO", "RO", "RO"]
        ),
        RightsRow(
            who: "light administrator who is a member",
            identity: Identity(Fixture.admin([], also: [10])),
            inGroup: ["R", "R", "RA", "RALED", "R"],
            inAll: ["R", "R", "RA", "RALED", "R"]
        ),
        RightsRow(
            who: "light administrator with DeleteOwned who is a member",
            identity: Identity(Fixture.admin([.deleteOwned], also: [10])),
            inGroup: ["RD", "RD", "RAD", "RALED", "RD"],
            inAll: ["RD", "RD", "RAD", "RALED", "RD"]
        ),
        RightsRow(
            who: "guest",
            identity: Identity(Fixture.account(1, memberOf: [2])),
            roles: ["guest"],
            inGroup: ["", "", "", "", ""],
            inAll: ["", "", "", "", ""]
        ),
        RightsRow(
            who: "inactive member",
            identity: Identity(Fixture.account(memberOf: [20, 10])),
            roles: ["lab", "other lab"],
            inGroup: ["", "", "", "", ""],
            inAll: ["", "", "", "", ""]
        ),
        RightsRow(
            who: "full administrator as the owner",
            identity: Identity(Fixture.member(owner), sudoer: Fixture.admin(7, Privilege.all), limitedTo: nil),
            inGroup: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"],
            inAll: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"]
        ),
        RightsRow(
            who: "full administrator as another member",
            identity: Identity(Fixture.member(), sudoer: Fixture.admin(7, Privilege.all), limitedTo: nil),
            inGroup: ["", "R", "RA", "RALED", "R"],
            inAll: ["", "R", "RA", "RALED", "R"]
        ),
        RightsRow(
            who: "leader as the owner",
            identity: Identity(Fixture.member(owner), sudoer: Fixture.leader(7), limitedTo: [10]),
            inGroup: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"],
            inAll: ["RALEDG", "RALEDG", "RALEDG", "RALEDG", "RALEDG"]
        ),
        RightsRow(
            who: "leader of another group as the owner",
            identity: Identity(
                Fixture.member(owner), sudoer: Fixture.account(7, memberOf: [20, 1], leaderOf: [20]), limitedTo: [20]),
            inGroup: ["", "", "", "", ""],
            inAll: ["", "", "", "", ""]
        ),
        RightsRow(
            who: "light administrator with Sudo and WriteOwned as a full one",
            identity: Identity(
                Fixture.admin(Privilege.all), sudoer: Fixture.admin(7, [.sudo, .writeOwned]), limitedTo: nil),
            inGroup: ["RE", "RALE", "RALE", "RALE", "RALE"],
            inAll: ["RE", "RALE", "RALE", "RALE", "RALE"]
        ),
        RightsRow(
            who: "leader as a full administrator who is a member",
            identity: Identity(
                Fixture.admin(Privilege.all, also: [10]), sudoer: Fixture.leader(7), limitedTo: [10]),
            inGroup: ["", "R", "RA", "RALED", "R"],
            inAll: ["", "R", "RA", "RALED", "R"]
        ),
    ]
}
