import Testing

@testable import OMERO

@Suite struct PasswordTests {
    @Test func `a gateway keeps no password, but who it is and how to ask again`() throws {
        func kept(_ credentials: Credentials) throws -> Credentials.Form {
            GatewayCore(try GatewayConfiguration("localhost", credentials)).configuration.credentials.form
        }
        guard case .password(user: "ami", let password) = try kept(.password(user: "ami", "secret")) else {
            Issue.record("the user is forgotten too")
            return
        }
        #expect(password.value.isEmpty)
        guard case .provider = try kept(.provider { .guest }) else {
            Issue.record("the provider is forgotten")
            return
        }
    }
}
