import OMERO

extension GatewayContext {
    /// The user or group of a name or a number. Numbers that are names are taken for numbers.
    func user(namedOrNumbered text: String) async throws -> User {
        if let id = Int64(text) { return try await user(id) }
        return try await user(named: text)
    }

    func group(namedOrNumbered text: String) async throws -> Group {
        if let id = Int64(text) { return try await group(id) }
        return try await group(named: text)
    }

    func groups(namedOrNumbered texts: [String]) async throws -> [Group] {
        var groups: [Group] = []
        for text in texts { groups.append(try await group(namedOrNumbered: text)) }
        return groups
    }

    func users(namedOrNumbered texts: [String]) async throws -> [User] {
        var users: [User] = []
        for text in texts { users.append(try await user(namedOrNumbered: text)) }
        return users
    }
}
