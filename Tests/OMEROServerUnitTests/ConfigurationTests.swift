import Testing

@testable import OMEROServer

@Suite("Limits among the configuration values")
struct ConfigurationTests {
    @Test("a key of OMERO's sets the limit that it stands for, and IConfig answers what holds")
    func resolved() throws {
        var configuration = ServerConfiguration()
        configuration.sessions.timeToLive = 7_000
        configuration.properties = [
            "omero.sessions.timeout": "123000", "omero.throttling.servants_per_session": "5",
            "omero.security.login_failure_throttle_time": "250",
        ]
        let result = try configuration.resolvingProperties()
        #expect(
            (result.sessions.timeToIdle, result.sessions.timeToLive, result.sessions.servants) == (123_000, 7_000, 5))
        #expect(result.failedLogins.delay == .milliseconds(250))
        #expect(result.properties["omero.sessions.maximum"] == "7000")
        #expect(result.properties["omero.sessions.max_user_time_to_idle"] == "6000000")
        #expect(result.properties["omero.security.login_failure_throttle_count"] == "1")
    }

    @Test("what is no number is refused by its key", arguments: ["", "ten", "-1", "1.5", "99999999999999999999"])
    func wrong(text: String) {
        var configuration = ServerConfiguration()
        configuration.properties = ["omero.sessions.timeout": text]
        let error = #expect(throws: ServerError.self) { try configuration.resolvingProperties() }
        #expect(error?.reason == .setting)
        #expect(error?.description == "omero.sessions.timeout is to be a number, not \(text)")
    }
}
