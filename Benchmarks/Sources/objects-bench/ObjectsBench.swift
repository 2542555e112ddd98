import Foundation
import Ice
import IceEncoding
import OMERO
import OMEROAPI
import OMEROServer

/// Questions for objects, as Swift programs ask them; scripts/lib/bench_objects.py asks the same with omero-py and in SQL.
@main struct ObjectsBench {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments.count == 3, arguments[1] == "serve" { return try await serve(arguments[2]) }
        guard arguments.count == 5, let question = Question(rawValue: arguments[2]), let port = Int(arguments[3]),
            let count = Int(arguments[4])
        else { fatalError("objects-bench serve FOLDER | caller|server QUESTION PORT COUNT") }
        var configuration = GatewayConfiguration(
            addresses: [ServerAddress(host: "127.0.0.1", port: port)],
            credentials: .password(user: question.isForAdministrators ? "root" : "bench-0", "omero"))
        // omero-py verifies nothing.
        configuration.trust = .none
        if arguments[1] == "server" { configuration.encryption = .loginOnlyThenPlainText }
        try await BlitzGateway.withConnection(configuration) { gateway in
            var times: [Double] = []
            // The first one is for caches.
            for number in 0...count {
                let started = ContinuousClock.now
                let rows =
                    arguments[1] == "server"
                    ? try await question.bytes(of: gateway) : try await question.ask(gateway)
                let duration = (ContinuousClock.now - started).components
                if number > 0 {
                    times.append(Double(duration.seconds) + Double(duration.attoseconds) / 1e18)
                } else {
                    print("ROWS \(rows)")
                }
            }
            print("TIMES " + times.map { String($0) }.joined(separator: " "))
        }
    }

    static func serve(_ folder: String) async throws {
        var configuration = ServerConfiguration.testing
        configuration.dataFolder = folder
        try await OMEROServer.withServer(configuration) { server in
            FileHandle.standardOutput.write(Data("READY \(server.sslPort ?? 0)\n".utf8))
            // Until the other end of standard input goes away.
            while readLine() != nil {}
        }
    }
}

enum Question: String {
    case mine, images, counts, everything

    var isForAdministrators: Bool { self == .everything }

    /// As a program asks; how many rows there were.
    func ask(_ gateway: BlitzGateway) async throws -> Int {
        let everywhere = gateway.inAllGroups
        return switch self {
        case .mine:
            try await everywhere.objects(Project.self).ownedBy(gateway.userID).paged(by: 10_000).all().count
        case .images:
            try await everywhere.objects(Image.self).ordered(by: .name).limited(to: 500).all().count
        case .counts: try await everywhere.rows(hql, as: (Int64, Int64).self).count
        case .everything:
            try await everywhere.objects(Project.self).paged(by: 10_000).limited(to: 10_000).all().count
        }
    }

    private var hql: String {
        let along =
            "left outer join fetch obj.details.owner left outer join fetch obj.details.group "
            + "left outer join fetch obj.details.creationEvent"
        return switch self {
        case .mine: "select obj from Project obj \(along) where obj.details.owner.id = :me order by obj.id"
        case .images: "select obj from Image obj \(along) order by lower(obj.name), obj.id"
        case .counts: "select l.parent.id, count(l.id) from DatasetImageLink l group by l.parent.id"
        case .everything: "select obj from Project obj \(along) order by obj.id"
        }
    }

    /// The same question, whose answer stays as it came over the wire; how many bytes these are.
    func bytes(of gateway: BlitzGateway) async throws -> Int {
        let parameters = QueryParameters.make { draft in
            draft.map = self == .mine ? ["me": .long(gateway.userID)] : [:]
            guard self == .images else { return }
            draft.theFilter = draft.record.builder.add(QueryFilter.self) { filter in
                filter.limit = 500
                filter.offset = 0
            }
        }
        return try await gateway.inAllGroups.withService(IQueryPrx.self) { service in
            let proxy = service.proxy
            let encoding = proxy.reference.encoding
            var stream = IceOutputStream(encoding: encoding)
            hql.write(to: &stream)
            (parameters as QueryParameters?).write(to: &stream)
            let encoded = Encapsulation(encoding: encoding, bytes: try stream.finish())
            let operation = self == .counts ? "projection" : "findAllByQuery"
            let status = try await proxy.invokeRaw(operation, mode: .idempotent, parameters: encoded)
            guard case .ok(let answer) = status else { fatalError("the server refused it: \(status)") }
            return answer.bytes.readableBytes
        }
    }
}
