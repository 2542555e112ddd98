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
    public func delete<Object: IObjectProtocol>(_ object: Object, options: GraphOptions = .init()) async throws
        -> GraphReport
    {
        let context = object.groupID.map { inGroup($0) } ?? with { $0 = callContext }
        return try await context.delete(
            ModelFacts.name(of: object.object.descriptor), ids: [try object.requiredID], options: options)
    }

    @discardableResult
    func delete(
        _ type: String,
        ids: [Int64],
        options: GraphOptions = .init(),
        progress: @Sendable (CommandProgress) -> Void = { _ in }
    ) async throws -> GraphReport {
        guard !ids.isEmpty else { return GraphReport() }
        let request = Delete2.make { draft in
            draft.targetObjects = [type: ids]
            options.fill(&draft)
        }
        let response = try await submit(request, limit: options.limit, progress: progress)
        return GraphReport(deleted: try typed(response, Delete2Response.self).deletedObjects)
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
        guard !ids.isEmpty else { return GraphReport() }
        let request = Chgrp2.make { draft in
            draft.targetObjects = [ModelFacts.name(of: type): ids]
            draft.groupId = group
            options.fill(&draft)
        }
        let response = try typed(
            try await submit(request, limit: options.limit, progress: progress), Chgrp2Response.self)
        return GraphReport(included: response.includedObjects, deleted: response.deletedObjects)
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
        guard !ids.isEmpty else { return GraphReport() }
        let request = Chown2.make { draft in
            draft.targetObjects = [ModelFacts.name(of: type): ids]
            draft.userId = user
            options.fill(&draft)
        }
        let response = try typed(
            try await submit(request, limit: options.limit, progress: progress), Chown2Response.self)
        return GraphReport(included: response.includedObjects, deleted: response.deletedObjects)
    }

    private func typed<Wanted: ResponseProtocol>(_ response: Response, _ type: Wanted.Type) throws -> Wanted {
        if let typed = response.cast(to: type) { return typed }
        throw GatewayError(
            .protocolError, "the server answered the command with \(response.typeID)", phase: .call,
            mayHaveHappened: true)
    }
}
