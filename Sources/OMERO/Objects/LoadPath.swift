public import OMEROModel

/// A way from objects of a class to what hangs on them, for `loading` of ``ObjectQuery``.
///
/// It has a property for each reference and each collection of the class, and these lead on:
///
/// ```swift
/// gateway.objects(Image.self).loading(\.pixels.pixelsType, \.datasetLinks.parent)
/// ```
public struct LoadPath<Object>: Sendable {
    /// As queries have it, such as `datasetLinks.parent`.
    let path: String

    init(_ path: String = "") { self.path = path }

    func to<Target>(_ step: String) -> LoadPath<Target> { LoadPath<Target>(path.isEmpty ? step : "\(path).\(step)") }
}

extension LoadPath where Object: IObjectProtocol {
    /// Who owns it, its group and its events. Of the objects that a query is for, all but the last change are loaded
    /// anyway.
    public var details: LoadPath<Details> { to("details") }
}

extension LoadPath<Details> {
    /// `details.owner`
    public var owner: LoadPath<Experimenter> { to("owner") }
    /// `details.group`
    public var group: LoadPath<ExperimenterGroup> { to("group") }
    /// `details.creationEvent`
    public var creationEvent: LoadPath<Event> { to("creationEvent") }
    /// `details.updateEvent`
    public var updateEvent: LoadPath<Event> { to("updateEvent") }
    /// `details.externalInfo`
    public var externalInfo: LoadPath<ExternalInfo> { to("externalInfo") }
}

extension ObjectQuery {
    /// Loads with each object what these paths lead to, such as `\.pixels` or `\.datasetLinks.parent`; otherwise reading
    /// it is an error.
    public func loading<each Target>(_ paths: repeat KeyPath<LoadPath<Object>, LoadPath<each Target>>) -> Self {
        var query = self
        repeat query = query.loading(LoadPath<Object>()[keyPath: each paths].path)
        return query
    }
}

extension GatewayContext {
    /// An object by its number, with what these paths lead to, such as `\.pixels` or `\.datasetLinks.parent`.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/notFound`` if there is none in this context's groups that
    ///   the user may see.
    public func object<Object: IObjectProtocol, First, each Other>(
        _ type: Object.Type,
        id: Int64,
        loading path: KeyPath<LoadPath<Object>, LoadPath<First>>,
        _ others: repeat KeyPath<LoadPath<Object>, LoadPath<each Other>>
    ) async throws -> Object {
        try await object(objects(type).loading(path, repeat each others), id: id)
    }
}
