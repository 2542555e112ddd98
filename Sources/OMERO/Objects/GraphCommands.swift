import IceEncoding
import OMEROAPI
public import OMEROModel

/// What a command on objects does to what hangs on them, beyond what servers do by themselves.
public struct GraphOptions: Hashable, Sendable {
    /// Only says what would happen.
    public var isDryRun = false
    /// Classes that go along in any case, such as `Dataset` or `Annotation`.
    public var includedTypes: [String] = []
    /// Classes that stay in any case.
    public var excludedTypes: [String] = []
    /// Namespaces of annotations that go along.
    public var includedNamespaces: [String] = []
    /// Namespaces of annotations that stay.
    public var excludedNamespaces: [String] = []
    /// How long to wait for the server.
    public var limit = Duration.seconds(600)

    public init() {}

    /// Keeps what is in a container: only the container goes.
    public static let keepingContents: GraphOptions = {
        var options = GraphOptions()
        options.excludedTypes = ["Dataset", "Image", "Plate", "Annotation"]
        return options
    }()

    fileprivate func fill(_ draft: inout Draft<some GraphModify2Protocol>) {
        draft.dryRun = isDryRun
        guard
            !(includedTypes.isEmpty && excludedTypes.isEmpty && includedNamespaces.isEmpty
                && excludedNamespaces.isEmpty)
        else { return }
        draft.childOptions = [
            draft.record.builder.add(ChildOption.self) { option in
                option.includeType = includedTypes
                option.excludeType = excludedTypes
                option.includeNs = includedNamespaces
                option.excludeNs = excludedNamespaces
            }
        ]
    }
}

/// What a command did, or would do: numbers of objects by their full class names, such as
/// `ome.model.containers.Project`.
public struct GraphReport: Hashable, Sendable {
    /// What was moved or given away.
    public var included: [String: [Int64]] = [:]
    /// What was deleted, links that could not stay among it.
    public var deleted: [String: [Int64]] = [:]

    /// How many of that class, by its short name, were deleted.
    public func deletedCount(of type: String) -> Int { Self.count(deleted, type) }
    /// How many of that class, by its short name, were moved or given away.
    public func includedCount(of type: String) -> Int { Self.count(included, type) }

    private static func count(_ found: [String: [Int64]], _ type: String) -> Int {
        found.reduce(0) { $0 + ($1.key.split(separator: ".").last.map(String.init) == type ? $1.value.count : 0) }
    }
}

// Deleting, moving, giving away: commands that the server carries out over all that hangs together, whole or not at
// all.
extension GatewayContext {
    /// Deletes objects, with what they hold and nobody else does.
    @discardableResult
    public func delete<Object: IObjectProtocol>(
        _ type: Object.Type,
        ids: [Int64],
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        try await delete(ModelFacts.name(of: type), ids: ids, options: options, progress: progress)
    }

    /// Deletes an object, in its own group.
    @discardableResult
    public func delete(
        _ object: some IObjectProtocol,
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        try await own(of: object).delete(
            ModelFacts.name(of: object.object.descriptor), ids: [try object.requiredID], options: options,
            progress: progress)
    }

    @discardableResult
    func delete(
        _ type: String,
        ids: [Int64],
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        let response = try await carryOut(Delete2.self, Delete2Response.self, type, ids, options, progress) { _ in }
        return GraphReport(deleted: response?.deletedObjects ?? [:])
    }

    /// Moves objects, with what they hold, to another group. Links to what stays are cut.
    @discardableResult
    public func move<Object: IObjectProtocol>(
        _ type: Object.Type,
        ids: [Int64],
        toGroup group: Int64,
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        try await move(ModelFacts.name(of: type), ids, group, options, progress)
    }

    /// Moves an object, with what it holds, from its own group to another.
    @discardableResult
    public func move(
        _ object: some IObjectProtocol,
        toGroup group: Int64,
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        try await own(of: object).move(
            ModelFacts.name(of: object.object.descriptor), [try object.requiredID], group, options, progress)
    }

    private func move(
        _ type: String, _ ids: [Int64], _ group: Int64, _ options: GraphOptions,
        _ progress: @Sendable (CommandProgress) -> Void
    ) async throws -> GraphReport {
        let response = try await carryOut(Chgrp2.self, Chgrp2Response.self, type, ids, options, progress) { draft in
            draft.groupId = group
        }
        return GraphReport(included: response?.includedObjects ?? [:], deleted: response?.deletedObjects ?? [:])
    }

    /// Makes objects, with what they hold, another user's.
    @discardableResult
    public func give<Object: IObjectProtocol>(
        _ type: Object.Type,
        ids: [Int64],
        toUser user: Int64,
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        try await give(ModelFacts.name(of: type), ids, user, options, progress)
    }

    /// Makes an object, with what it holds, another user's, in its own group.
    @discardableResult
    public func give(
        _ object: some IObjectProtocol,
        toUser user: Int64,
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        try await own(of: object).give(
            ModelFacts.name(of: object.object.descriptor), [try object.requiredID], user, options, progress)
    }

    private func give(
        _ type: String, _ ids: [Int64], _ user: Int64, _ options: GraphOptions,
        _ progress: @Sendable (CommandProgress) -> Void
    ) async throws -> GraphReport {
        let response = try await carryOut(Chown2.self, Chown2Response.self, type, ids, options, progress) { draft in
            draft.userId = user
        }
        return GraphReport(included: response?.includedObjects ?? [:], deleted: response?.deletedObjects ?? [:])
    }

    /// Has the server carry out a command on objects; nil where there are none.
    private func carryOut<Command: GraphModify2Protocol, Answer: ResponseProtocol>(
        _ command: Command.Type,
        _ answer: Answer.Type,
        _ type: String,
        _ ids: [Int64],
        _ options: GraphOptions,
        _ progress: @Sendable (CommandProgress) -> Void,
        _ fill: (inout Draft<Command>) -> Void
    ) async throws -> Answer? {
        guard !ids.isEmpty else { return nil }
        let request = Command.make { draft in
            draft.targetObjects = [type: ids]
            options.fill(&draft)
            fill(&draft)
        }
        let response = try await submit(request, limit: options.limit, progress: progress)
        if let typed = response.cast(to: answer) { return typed }
        throw GatewayError(
            .protocolError, "the server answered the command with \(response.typeID)", phase: .call,
            mayHaveHappened: true)
    }
}
