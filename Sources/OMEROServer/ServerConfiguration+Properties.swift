// Limits of which OMERO's configuration has keys: whoever sets a key means the limit, and IConfig answers what holds.
extension ServerConfiguration {
    private typealias Limit = WritableKeyPath<ServerConfiguration, Int64>

    /// What the keys stand for; milliseconds, but for the last.
    private static var limits: [(key: String, limit: Limit)] {
        [
            ("omero.sessions.timeout", \.sessions.timeToIdle),
            ("omero.sessions.maximum", \.sessions.timeToLive),
            ("omero.sessions.max_user_time_to_idle", \.sessions.maximumUserTimeToIdle),
            ("omero.sessions.max_user_time_to_live", \.sessions.maximumUserTimeToLive),
            ("omero.security.login_failure_throttle_time", \.failedLogins.delayInMilliseconds),
            ("omero.security.login_failure_throttle_count", \.failedLogins.freeCount),
            ("omero.throttling.servants_per_session", \.sessions.servantCount),
        ]
    }

    /// With the limits that ``properties`` set, and with all limits among the properties.
    ///
    /// - Throws: ``ServerError`` for a value that is no number, or a negative one.
    func resolvingProperties() throws(ServerError) -> ServerConfiguration {
        var result = self
        for (key, limit) in Self.limits {
            if let text = properties[key] {
                guard let value = Int64(text), value >= 0 else {
                    throw ServerError(.setting, "\(key) is to be a number, not \(text.prefix(100))")
                }
                result[keyPath: limit] = value
            }
            result.properties[key] = String(result[keyPath: limit])
        }
        return result
    }
}

extension ServerConfiguration.Sessions {
    fileprivate var servantCount: Int64 {
        get { Int64(servants) }
        set { servants = Int(clamping: newValue) }
    }
}

extension LoginThrottle.Limits {
    fileprivate var freeCount: Int64 {
        get { Int64(free) }
        set { free = Int(clamping: newValue) }
    }

    fileprivate var delayInMilliseconds: Int64 {
        get { delay.components.seconds * 1000 + delay.components.attoseconds / 1_000_000_000_000_000 }
        // A day at most: sums of times stay within their range.
        set { delay = .milliseconds(min(newValue, 86_400_000)) }
    }
}
