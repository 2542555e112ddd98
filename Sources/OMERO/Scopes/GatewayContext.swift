public import Ice

/// In which group, and as whose data, calls are made.
public struct CallContext: Hashable, Sendable {
    /// Which groups calls are about.
    public var group: GroupSelection = .session
    /// Only data of this user, in calls that heed it (`omero.user`); nil for all.
    public var owner: Int64?
    /// Further keys of OMERO's call context, such as `omero.share`. They come before the ones above.
    public var further: [String: String] = [:]

    public init() {}

    /// As it travels with a call.
    var ice: Context? {
        var context = further
        switch group {
        case .session: break
        case .id(let id): context["omero.group"] = context["omero.group"] ?? String(id)
        case .all: context["omero.group"] = context["omero.group"] ?? "-1"
        }
        if let owner { context["omero.user"] = context["omero.user"] ?? String(owner) }
        return context.isEmpty ? nil : context
    }
}

/// Which groups calls are about.
public enum GroupSelection: Hashable, Sendable {
    /// The session's own group.
    case session
    /// The group of that number.
    case id(Int64)
    /// Every group that the user may see. For reading; what is written needs one group.
    case all
}

/// Where calls are made from: a ``BlitzGateway``, or a ``ScopedGateway`` of it with another group.
///
/// Both have all operations; they differ in the group and the owner that go with each call.
public protocol GatewayContext: Sendable {
    /// The connection.
    var gateway: BlitzGateway { get }
    /// What goes with each call.
    var callContext: CallContext { get }
}

/// A gateway with a group and an owner of its own: a light value over the same session, safe in parallel.
public struct ScopedGateway: GatewayContext {
    /// The connection, shared with all contexts of it.
    public let gateway: BlitzGateway
    /// What goes with each call.
    public let callContext: CallContext
}

extension GatewayContext {
    /// The same session, with calls in that group.
    public func inGroup(_ id: Int64) -> ScopedGateway { with { $0.group = .id(id) } }

    /// The same session, with calls in the group of that name, for whose number the server is asked.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/notFound`` if there is no such group.
    public func inGroup(named name: String) async throws -> ScopedGateway { inGroup(try await group(named: name).id) }

    /// The same session, with calls about all groups that the user may see (`omero.group` -1).
    public var inAllGroups: ScopedGateway { with { $0.group = .all } }

    /// The same session, with calls in the session's own group.
    public var inSessionGroup: ScopedGateway { with { $0.group = .session } }

    /// The same session, seeing only what that user owns, where calls heed it; nil for everyone's. Servers let only
    /// administrators name somebody else than themselves; ``ObjectQuery/ownedBy(_:)`` is for everybody.
    public func ownedBy(_ user: Int64?) -> ScopedGateway { with { $0.owner = user } }

    /// The same session with another context.
    public func with(_ change: (inout CallContext) -> Void) -> ScopedGateway {
        var context = callContext
        change(&context)
        return ScopedGateway(gateway: gateway, callContext: context)
    }

    // MARK: Services

    /// Calls a service of OMERO itself, for what this module has no function for.
    ///
    /// ```swift
    /// let keys = try await gateway.withService(IConfigPrx.self) { try await $0.getClientConfigDefaults() }
    /// ```
    ///
    /// - Parameters:
    ///   - service: the service's type of proxy, such as `IConfigPrx.self`.
    ///   - repeatable: whether `body` may run again after a lost connection although it may have had its effect.
    ///     Reading is; what was surely not sent is repeated in any case.
    ///   - body: calls the service; runs again where the call is repeated.
    /// - Throws: ``GatewayError``, `CancellationError`.
    public func withService<Service: TypedProxy, Result>(
        _ service: Service.Type,
        repeatable: Bool = false,
        _ body: (Service) async throws -> Result
    ) async throws -> Result {
        let context = callContext.ice
        return try await gateway.core.perform(repeatable: repeatable) { link in
            let service = try await link.service(Service.self)
            return try await body(context.map { Service(service.proxy.withContext($0)) } ?? service)
        }
    }
}
