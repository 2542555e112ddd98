import OMEROAPI
public import OMEROModel

/// Values that a session keeps on the server under names, for everyone who is in it; they end with the session.
///
/// ```swift
/// try await gateway.inputs.set(.long(51), for: "image")
/// ```
///
/// A session has two such memories (``BlitzGateway/inputs`` and ``BlitzGateway/outputs``), as scripts are given what
/// they work on and leave what they found.
public struct SessionMemory: Sendable {
    enum Half: Sendable { case inputs, outputs }

    let gateway: BlitzGateway
    let half: Half

    /// The value under a name; nil where there is none.
    ///
    /// - Throws: ``GatewayError``, as do all of these.
    public func value(for name: String) async throws -> RValue? {
        try await ask { half, session, key in
            switch half {
            case .inputs: try await session.getInput(sess: key, key: name)
            case .outputs: try await session.getOutput(sess: key, key: name)
            }
        }
    }

    /// Keeps a value under a name, in place of the one that was there; nil takes it away.
    public func set(_ value: RValue?, for name: String) async throws {
        try await ask { half, session, key in
            switch half {
            case .inputs: try await session.setInput(sess: key, key: name, value: value)
            case .outputs: try await session.setOutput(sess: key, key: name, value: value)
            }
        }
    }

    /// All names, sorted.
    public func names() async throws -> [String] {
        try await ask { half, session, key in
            switch half {
            case .inputs: try await session.getInputKeys(sess: key)
            case .outputs: try await session.getOutputKeys(sess: key)
            }
        }.sorted()
    }

    /// All values by their names.
    public func values() async throws -> [String: RValue] {
        try await ask { half, session, key in
            switch half {
            case .inputs: try await session.getInputs(sess: key)
            case .outputs: try await session.getOutputs(sess: key)
            }
        }.compactMapValues { $0 }
    }

    /// Putting the same value twice does no harm, so all of it is repeatable.
    private func ask<Answer>(_ body: (Half, ISessionPrx, String) async throws -> Answer) async throws -> Answer {
        let key = gateway.sessionKey
        return try await gateway.withService(ISessionPrx.self, repeatable: true) { try await body(half, $0, key) }
    }
}

extension BlitzGateway {
    /// What the session was given to work on.
    public var inputs: SessionMemory { SessionMemory(gateway: self, half: .inputs) }
    /// What was found in the session.
    public var outputs: SessionMemory { SessionMemory(gateway: self, half: .outputs) }
}
