import OMERO

extension BlitzGateway {
    /// The context of a scope; that of the session for nil.
    func scoped(to scope: GroupScope?) async throws -> ScopedGateway {
        switch scope {
        case nil: with { _ in }
        case .all?: inAllGroups
        case .named(let group)?: inGroup(try await self.group(namedOrNumbered: group).id)
        }
    }
}
