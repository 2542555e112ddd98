extension SessionFiles {
    /// The path of a session's file, stored or not. **A secret**: its last part is the session's key.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration`` for names that no file can have.
    public func path(of session: StoredSession) throws(GatewayError) -> String {
        try place(host: session.host, user: session.user, key: session.key).path
    }
}
