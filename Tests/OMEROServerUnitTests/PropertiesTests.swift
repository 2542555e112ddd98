import Testing

@testable import OMEROServer

@Suite("The configuration that clients see")
struct PropertiesTests {
    private let properties = Properties(configured: ["omero.mail.config": "true", "my.key": "1"], version: "5.6.17")

    @Test("what is configured comes before the defaults, what is set since before both")
    func precedence() {
        #expect(properties.value("omero.sessions.timeout") == "600000")
        #expect(properties.value("omero.mail.config") == "true")
        #expect(properties.allDefaults["omero.mail.config"] == "false")
        properties.set("omero.mail.config", "maybe")
        #expect(properties.value("omero.mail.config") == "maybe")
        #expect(properties.all["omero.mail.config"] == "maybe")
        #expect(properties.value("no.such.key") == nil)
        #expect(properties.value("omero.version") == "5.6.17")
    }

    @Test(
        "what clients need everybody may read",
        arguments: [
            "omero.client.ui.tree.orphans.name", "omero.client.made.up", "omero.version", "omero.router.insecure",
            "omero.security.password_required", "omero.mail.config", "omero.sessions.timeout", "omero.db.uuid",
            "omero.pixeldata.max_tile_length",
        ])
    func open(key: String) { #expect(Properties.visibility(key) == .all) }

    @Test(
        "everything else is for administrators",
        arguments: [
            "my.key", "omero.data.dir", "omero.ldap.config", "omero.ldap.password", "omero.policy.binary_access",
            "omero.clientele", "omero.client", "", "OMERO.VERSION",
        ])
    func administrators(key: String) { #expect(Properties.visibility(key) == .administrators) }

    @Test(
        "the database's secrets are for nobody",
        arguments: ["omero.db.pass", "omero.db.user", "omero.db.host", "omero.db.name", "omero.db.driver"])
    func hidden(key: String) { #expect(Properties.visibility(key) == .nobody) }
}
