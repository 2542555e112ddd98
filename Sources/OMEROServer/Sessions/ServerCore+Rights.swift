import Ice
import IceEncoding
import OMEROAccess
import OMEROAPI

// What a session's user may do.
extension ServerCore {
    /// Reads what a user is in; with somebody who acts for the user, reduced to what both may.
    func membership(
        of owner: Account,
        sudoer: Account?,
        sudoGroups: [Int64]?,
        _ memberships: [GroupMembership]
    ) async throws -> Membership {
        let isMemberOfSystem = memberships.contains { $0.group.id == Roles.systemGroupID }
        let own = try await privileges(of: owner, isAdmin: isMemberOfSystem)
        var membership = Membership(
            memberOf: memberships.map(\.group.id),
            leaderOf: memberships.filter(\.isOwner).map(\.group.id),
            roles: memberships.map(\.group.name),
            isAdmin: isMemberOfSystem,
            privileges: own
        )
        guard let sudoer else { return membership }
        let others = try await directory.memberships(of: sudoer.id)
        let isAdmin = others.contains { $0.group.id == Roles.systemGroupID }
        let privileges = try await privileges(of: sudoer, isAdmin: isAdmin)
        if !(isAdmin && privileges.contains(.sudo)) {
            let groups = Set(others.map(\.group.id))
            let led = Set(others.filter(\.isOwner).map(\.group.id))
            membership.memberOf.removeAll { !groups.contains($0) }
            membership.leaderOf.removeAll { !led.contains($0) }
            membership.isAdmin = membership.memberOf.contains(Roles.systemGroupID)
        }
        membership.privileges = isAdmin ? own.intersection(privileges) : []
        return membership
    }

    private func privileges(of account: Account, isAdmin: Bool) async throws -> Set<Privilege> {
        guard isAdmin else { return [] }
        let revoked = try await directory.revokedPrivileges(of: account.id)
        return Set(Privilege.allCases.filter { !revoked.contains($0.rawValue) })
    }

    /// Reads a session's rights and group again.
    func reload(_ session: LiveSession) async throws {
        let memberships = try await directory.memberships(of: session.owner.id)
        let membership = try await membership(
            of: session.owner, sudoer: session.sudoer, sudoGroups: session.sudoGroups, memberships)
        let group = try await directory.group(id: session.group.id)
        session.state.withLock { state in
            state.membership = membership
            if let group { state.group = group }
        }
    }

    /// Reads the rights of all sessions again: users or groups have changed.
    func reloadAll() async {
        for session in liveSessions {
            do {
                try await reload(session)
            } catch {
                logger?.error("session could not be read again", metadata: ["omero.session.id": "\(session.id)"])
            }
        }
    }
}
