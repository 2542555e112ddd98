import Foundation
import OMERO
import OMEROAPI

// What is looked at inside a session.
extension Examination {
    typealias Found = (Finding.Outcome, String, String?)

    func versions(of gateway: BlitzGateway) -> Found {
        guard let version = gateway.serverVersion else {
            return (.warning, "the server's version can't be read", nil)
        }
        let known = ServerVersion("5.6")
        if let known, version < known {
            return (
                .warning, "OMERO \(version); this program is made for \(known.major).\(known.minor)",
                "Its administrator can upgrade it; some commands may fail"
            )
        }
        return (.good, "OMERO \(version)", nil)
    }

    func group(of gateway: BlitzGateway) async throws -> Found {
        let me = try await gateway.whoAmI()
        let level = me.groupPermissions.flatMap(PermissionLevel.init).map { ", \($0.rawValue)" } ?? ""
        return (.good, "\(me.userName) in \(me.groupName)\(level), one of \(me.memberOf.count) groups", nil)
    }

    /// Times of objects come from the server: a clock that is wrong confuses people, and certificates.
    func clock(of gateway: BlitzGateway) async throws -> Found {
        let before = Date()
        let theirs = try await gateway.withService(IConfigPrx.self, repeatable: true) { try await $0.getServerTime() }
        let after = Date()
        guard let theirs else { return (.warning, "the server does not tell its time", nil) }
        let middle = before.addingTimeInterval(after.timeIntervalSince(before) / 2)
        let difference = theirs.timeIntervalSince(middle)
        let text =
            "\((abs(difference) * 1000).rounded() / 1000) s \(difference < 0 ? "behind" : "ahead of") this machine"
        guard abs(difference) > 60 else { return (.good, text, nil) }
        return (.warning, text, "One of the two clocks is wrong; both should follow a time server")
    }

    func limits(of gateway: BlitzGateway) async throws -> Found {
        let session = try await gateway.session()
        let idle =
            session.limits.idle.map { "ends after \(duration($0.components.seconds)) without a call" }
            ?? "no idle limit"
        let life = session.limits.life.map { ", and after \(duration($0.components.seconds)) in any case" } ?? ""
        let count = try await gateway.mySessions().count
        let text = "the session \(idle)\(life); \(count) open \(count == 1 ? "session" : "sessions") of this user"
        guard let seconds = session.limits.idle?.components.seconds, seconds < 60 else { return (.good, text, nil) }
        return (.warning, text, "That is short: blitz sessions timeout 600")
    }

    func roundTrips(of gateway: BlitzGateway) async throws -> Found {
        var times: [Double] = []
        for _ in 0..<5 {
            let started = ContinuousClock.now
            try await gateway.keepAlive()
            times.append((.now - started).milliseconds)
        }
        times.sort()
        let text = "a call takes \(times[times.count / 2]) ms, \(times[0])…\(times[times.count - 1])"
        guard times[times.count / 2] > 500 else { return (.good, text, nil) }
        return (.warning, text, "The network to the server, or the server, is slow")
    }
}
