import IceEncoding
import OMEROAPI
import OMEROModel

/// Whether somebody may act for another user, and if not, why.
public enum SudoAnswer: Hashable, Sendable {
    /// The server would allow it.
    case yes
    /// One is neither an administrator nor a leader of the group.
    case notAllowed(String)
    /// The user does not belong to the group.
    case notMember(String)
    /// There is no such user or group.
    case unknown(String)
}

// Acting for others.
extension BlitzGateway {
    /// A gateway of its own that acts as another user, in a session that the server makes for it. Administrators with
    /// the privilege `Sudo` may do that for everyone, group leaders for the members of their groups. Close it when
    /// done; this gateway is not touched, and the new one holds nothing of this one's credentials.
    ///
    /// - Parameters:
    ///   - name: the user's log-in name.
    ///   - group: the name of the group to act in; nil for the user's default group.
    ///   - idle: after so much silence the session ends; the new gateway keeps it alive by itself.
    ///   - life: after this time it ends in any case; nil for never, where the server allows that.
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/noPermission``, ``GatewayError/Kind/notFound`` if there is
    ///   no such user or group, ``GatewayError/Kind/notInGroup`` if the user is not in the group.
    public func actingAs(
        _ name: String,
        group: String? = nil,
        idle: Duration = .seconds(600),
        life: Duration? = nil
    ) async throws -> BlitzGateway {
        let principal = Principal.make { draft in
            draft.name = name
            draft.group = group ?? ""
            draft.eventType = "User"
        }
        let session: OMEROModel.Session?
        do {
            session = try await withService(ISessionPrx.self) { sessions in
                try await sessions.createSessionWithTimeouts(
                    principal: principal,
                    timeToLiveMilliseconds: life?.milliseconds ?? 0,
                    timeToIdleMilliseconds: idle.milliseconds
                )
            }
        } catch let error as GatewayError where error.kind == .serverError {
            throw await refusal(of: name, group, error)
        }
        guard let session else { throw GatewayError(.protocolError, "the server made no session", phase: .session) }
        var configuration = core.configuration
        configuration.credentials = .sessionKey(try session.uuid)
        configuration.group = .userDefault
        configuration.reconnect.renewsSession = false
        if let address { configuration.addresses = [address] }
        do {
            return try await Self.connect(configuration, origin: .madeForThis)
        } catch {
            // Nobody else knows its key.
            _ = try? await endSession(withKey: try session.uuid)
            throw error
        }
    }

    /// Acts as another user for the length of `body`; see ``actingAs(_:group:idle:life:)``.
    public func withUser<Result>(
        _ name: String,
        group: String? = nil,
        idle: Duration = .seconds(600),
        life: Duration? = nil,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (BlitzGateway) async throws -> Result
    ) async throws -> Result {
        let other = try await actingAs(name, group: group, idle: idle, life: life)
        do {
            let result = try await body(other)
            await other.close()
            return result
        } catch {
            await other.close()
            throw error
        }
    }

    /// Servers don't say what is wrong with a group (`Error creating session`): the pre-flight question does.
    private func refusal(of name: String, _ group: String?, _ error: GatewayError) async -> GatewayError {
        var refusal = error
        switch try? await mayAct(as: name, group: group) {
        case .unknown(let why): (refusal.kind, refusal.message) = (.notFound, why)
        case .notMember(let why): (refusal.kind, refusal.message) = (.notInGroup, why)
        case .notAllowed(let why): (refusal.kind, refusal.message) = (.noPermission, why)
        case .yes, nil: break
        }
        return refusal
    }

    /// Asks, before doing it, whether ``actingAs(_:group:idle:life:)`` would be allowed: by the server's rules, without
    /// making a session.
    public func mayAct(as name: String, group: String? = nil) async throws -> SudoAnswer {
        let me = try await whoAmI()
        let target: User
        do {
            target = try await user(named: name)
        } catch let error as GatewayError where error.kind == .notFound {
            return .unknown("there is no user \"\(name.shown)\"")
        }
        let chosen: Group
        do {
            chosen =
                if let group { try await self.group(named: group) } else { try await defaultGroup(ofUser: target.id) }
        } catch let error as GatewayError where error.kind == .notFound {
            return .unknown("there is no group \"\((group ?? "").shown)\"")
        }
        if me.sudoer != nil, !me.isAdmin {
            return .notAllowed("this session acts for somebody already")
        }
        let isAdministrator = me.isAdmin && me.privileges.contains(.sudo)
        guard isAdministrator || me.leads(chosen.id) else {
            return .notAllowed(
                me.isAdmin
                    ? "\(me.userName) lacks the privilege Sudo and does not lead \(chosen.name)"
                    : "\(me.userName) is no administrator and does not lead \(chosen.name)")
        }
        let groups = try await groups(ofUser: target.id)
        guard groups.contains(where: { $0.id == chosen.id }) else {
            return .notMember("\(target.name) does not belong to \(chosen.name)")
        }
        return .yes
    }
}
