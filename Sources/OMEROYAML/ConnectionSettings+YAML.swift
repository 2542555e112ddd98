public import OMERO

/// Settings from a YAML file. A module of its own, as reading YAML takes all of Foundation, which a client needs for
/// nothing else.
extension ConnectionSettings {
    /// Gathers the settings from all places, a YAML file among them.
    ///
    /// - Parameters:
    ///   - given: what the program sets itself.
    ///   - environment: nil for that of the process.
    ///   - yaml: the path of a YAML file, which must be there; nil for none.
    ///   - iceConfig: the paths of files of Ice's properties, with commas in between, which must be there; nil for what
    ///     the variable `ICE_CONFIG` says.
    ///   - sessions: where the last log-in is looked for; nil asks nobody.
    /// - Throws: `GatewayError` of kind `badConfiguration` that names the place of a value that can't be used, and says
    ///   what is expected there.
    public init(
        _ given: Given = Given(),
        environment: [String: String]? = nil,
        yaml: String?,
        iceConfig: String? = nil,
        sessions: SessionFiles? = nil
    ) throws(GatewayError) {
        let file: YAMLSource? = if let yaml { try YAMLSource(path: yaml) } else { nil }
        try self.init(given, environment: environment, file: file, iceConfig: iceConfig, sessions: sessions)
    }
}
