public import Ice

extension GatewayConfiguration {
    /// A configuration as it is set: server, credentials, group, trust, and the time for connecting. The rest has its
    /// defaults. ``ConnectionSettings/idleSeconds`` is no matter of connecting:
    /// ``BlitzGateway/setLimits(idle:life:)`` asks for it afterwards.
    ///
    /// - Throws: ``GatewayError`` of kind ``GatewayError/Kind/badConfiguration`` if no place names a server, or says
    ///   how to log in.
    public init(_ settings: ConnectionSettings) throws(GatewayError) {
        let address = try settings.serverAddress()
        guard let credentials = settings.credentials else {
            throw OwnedFiles.failure(
                "Nothing says how to log in at \(address.withoutUser)" + settings.explanation,
                "Set OMERO_USER and OMERO_PASSWORD, or log in with the omero or the blitz command")
        }
        self.init(addresses: [address], credentials: credentials.value)
        if let group = settings.group { self.group = .named(group.value) }
        if let seconds = settings.connectSeconds { timeouts.connect = .seconds(seconds.value) }
        if let trust = settings.trust { self.trust = TLSTrust(trust.value) }
    }
}

extension TLSTrust {
    /// Trust as it is set; on first use with the usual file of known servers.
    public init(_ trust: ConnectionSettings.Trust) {
        self =
            switch trust {
            case .system: .systemRoots
            case .anyone: .none
            case .authorities(let file): .roots([.file(file)])
            case .firstUse: .trustOnFirstUse(KnownServersFile(path: GatewayConfiguration.knownServersPath()))
            }
    }
}
