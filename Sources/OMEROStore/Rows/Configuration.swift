internal import GRDB

extension ReadTransaction {
    /// What the database says of a configuration key; nil if nothing.
    public func configuration(_ key: String) throws -> String? {
        let found: [String?] = try rows("SELECT value FROM configuration WHERE name = ?", [key]).map { $0[0] }
        return found.first ?? nil
    }

    /// All keys that the database has values for.
    public func configuration() throws -> [String: String] {
        let pairs = try rows("SELECT name, value FROM configuration WHERE value IS NOT NULL").map {
            ($0[0] as String, $0[1] as String)
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    /// `omero.db.uuid`: the same for the life of the database.
    public func databaseUUID() throws -> String { try configuration("omero.db.uuid") ?? "" }
}

extension WriteTransaction {
    /// Sets a configuration key, or, with nil, forgets it.
    public func setConfiguration(_ key: String, _ value: String?) throws {
        guard let value else {
            try execute("DELETE FROM configuration WHERE name = ?", [key])
            return
        }
        try execute(
            "INSERT INTO configuration (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            [key, value]
        )
    }

    /// Sets a key only if it has that value now (nil: none); whether it had.
    public func setConfiguration(_ key: String, _ value: String?, ifEquals expected: String?) throws -> Bool {
        guard try configuration(key) == expected else { return false }
        try setConfiguration(key, value)
        return true
    }
}
