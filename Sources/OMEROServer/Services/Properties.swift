#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
import Synchronization

/// The server's configuration as IConfig shows it: defaults, what was configured, and what was set since.
final class Properties: Sendable {
    enum Visibility: Sendable, Hashable { case all, administrators, nobody }

    private let defaults: [String: String]
    private let values: Mutex<[String: String]>

    init(configured: [String: String], version: String) {
        var defaults = Self.standard
        defaults["omero.version"] = version
        self.defaults = defaults
        values = Mutex(configured)
    }

    /// The value of a key that is known; nil for others.
    func value(_ key: String) -> String? { values.withLock { $0[key] } ?? defaults[key] }
    func set(_ key: String, _ value: String) { values.withLock { $0[key] = value } }

    /// All keys with their values.
    var all: [String: String] { values.withLock { defaults.merging($0) { $1 } } }
    var allDefaults: [String: String] { defaults }

    /// Who may read a key (OMERO's `PreferenceContext`): whatever is not listed is for administrators.
    static func visibility(_ key: String) -> Visibility {
        if hidden.contains(key) { return .nobody }
        if key.hasPrefix("omero.client.") || open.contains(key) { return .all }
        return .administrators
    }

    private static let hidden: Set = [
        "omero.db.host", "omero.db.name", "omero.db.user", "omero.db.pass", "omero.db.driver", "omero.db.poolsize",
        "omero.db.dialect", "omero.security.filter.bitand",
    ]

    private static let open: Set<String> = {
        let keys = [
            "version", "upgrades.url", "qa.feedback", "router.insecure", "security.password_required",
            "cluster.read_only.runtime.db", "cluster.read_only.runtime.repo", "bioformats.version",
            "bioformats.vcs_revision", "bioformats.date", "server.nodedescriptors", "db.authority", "db.uuid",
            "mail.config", "pixeldata.backoff", "pixeldata.tile_width", "pixeldata.tile_height",
            "pixeldata.max_plane_width", "pixeldata.max_plane_height", "pixeldata.max_plane_float_override",
            "pixeldata.max_tile_length", "pixeldata.max_projection_bytes", "sessions.timeout", "sessions.maximum",
            "sessions.max_user_time_to_idle", "sessions.max_user_time_to_live",
        ]
        return Set(keys.map { "omero." + $0 })
    }()

    /// What OMERO 5.6 has where nothing is configured, as far as clients ask for it.
    private static let standard: [String: String] = [
        "omero.client.browser.thumb_default_size": "96",
        "omero.client.download_as.max_size": "144000000",
        "omero.client.icetransports": "ssl,tcp",
        "omero.client.scripts_to_ignore": "",
        "omero.client.ui.menu.dropdown.colleagues.enabled": "true",
        "omero.client.ui.menu.dropdown.colleagues.label": "Members",
        "omero.client.ui.menu.dropdown.everyone.enabled": "true",
        "omero.client.ui.menu.dropdown.everyone.label": "All Members",
        "omero.client.ui.menu.dropdown.leaders.enabled": "true",
        "omero.client.ui.menu.dropdown.leaders.label": "Owners",
        "omero.client.ui.tree.orphans.description": "",
        "omero.client.ui.tree.orphans.enabled": "true",
        "omero.client.ui.tree.orphans.name": "Orphaned Images",
        "omero.client.ui.tree.type_order": "tagset,tag,project,dataset,screen,plate,acquisition,image",
        "omero.client.viewer.initial_zoom_level": "0",
        "omero.client.viewer.interpolate_pixels": "true",
        "omero.client.viewer.roi_limit": "2000",
        "omero.client.web.host": "",
        "omero.cluster.read_only.runtime.db": "false",
        "omero.cluster.read_only.runtime.repo": "false",
        "omero.data.dir": "",
        "omero.db.authority": "export",
        "omero.ldap.config": "false",
        "omero.mail.config": "false",
        "omero.pixeldata.backoff": "ome.io.nio.SimpleBackOff",
        "omero.pixeldata.max_plane_height": "3192",
        "omero.pixeldata.max_plane_width": "3192",
        "omero.pixeldata.max_projection_bytes": "268435456",
        "omero.pixeldata.max_tile_length": "1024",
        "omero.pixeldata.tile_height": "256",
        "omero.pixeldata.tile_width": "256",
        "omero.policy.binary_access": "+read,+write,+image",
        "omero.qa.feedback": "",
        "omero.security.password_required": "true",
        "omero.sessions.max_user_time_to_idle": "6000000",
        "omero.sessions.max_user_time_to_live": "0",
        "omero.sessions.maximum": "0",
        "omero.sessions.timeout": "600000",
        "omero.upgrades.url": "",
    ]
}
