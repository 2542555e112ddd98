import Ice

/// Passes the requests of logged-in clients on: to servants of this process, else to the announced proxies.
struct RequestForwarder: RawServant {
    let router: RouterServant

    var typeIDs: [String] { [] }

    /// What the servants of this process answer at once needs no task here either, and what needs one needs no second.
    func begin(_ request: IncomingRequest) throws -> Handling {
        let current = request.current
        let entry = try router.entry(for: current.connection)
        guard entry.session.accepts(current.identity) else {
            throw IceError(.objectNotExist, "the object is not one of this session")
        }
        if let handling = router.backend?.begin(request) { return handling }
        guard let target = entry.routes.find(current.identity) else {
            throw IceError(.objectNotExist, "no proxy was announced for the object")
        }
        // A proxy without endpoints leads nowhere but to the servants of this process, and there is none (any more).
        if router.backend != nil, target.reference.endpoints.isEmpty, target.reference.adapterID.isEmpty {
            throw IceError(.objectNotExist, "the object is not here")
        }
        let forwardsContext = router.configuration.forwardsContext
        return .task { try await request.forward(to: target, forwardsContext: forwardsContext) }
    }

    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        switch try begin(request) {
        case .answered(let response): response
        case .task(let work), .briefTask(let work): try await work()
        }
    }
}

/// Passes call-backs on to the client that their category belongs to.
struct CallbackForwarder: RawServant {
    let router: RouterServant

    var typeIDs: [String] { [] }

    func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        guard let client = router.callbackProxy(request.current.identity) else {
            throw IceError(.objectNotExist, "the client is not there any more")
        }
        return try await request.forward(to: client, forwardsContext: router.configuration.forwardsContext)
    }
}

extension IncomingRequest {
    /// Sends the request on as it is, and the answer back as it comes.
    func forward(to target: Proxy, forwardsContext: Bool) async throws -> OutgoingResponse {
        let proxy = target.withIdentity(current.identity).withFacet(current.facet)
        let status = try await (current.requestID == 0 ? proxy.oneway() : proxy.twoway()).invokeRaw(
            current.operation,
            mode: current.mode,
            parameters: parameters,
            options: CallOptions(context: forwardsContext ? current.context : [:])
        )
        return respond(with: status)
    }
}
