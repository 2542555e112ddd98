import OMERO

extension StoredSession {
    /// The session of an open gateway, as it is stored.
    init(gateway: BlitzGateway, group: String?, idleSeconds: Int?, sudo: String?) {
        let address = gateway.address?.withoutUser
        self.init(
            // The omero command knows a name with a port as TLS; all else stands as a URL.
            host: address.map { $0.transport == .ssl ? $0.host : $0.description } ?? "",
            user: gateway.userName,
            key: gateway.sessionKey,
            port: address?.port,
            group: group,
            idleSeconds: idleSeconds,
            sudo: sudo
        )
    }
}
