import Foundation
import OMERO
import OMEROServer

/// What the server of this benchmark holds: a group as a laboratory has it, some others, and a user who is in several.
enum BenchData {
    static let user = "bench-user"
    static let password = "bench-password"
    static let projects = 300

    private static let people = [
        ("Ada", "Abel"), ("Ben", "Brandt"), ("Carla", "Costa"), ("Dai", "Davies"), ("Eva", "Engel"), ("Fred", "Fuchs"),
        ("Gina", "Gallo"), ("Hans", "Huber"), ("Ines", "Ivanova"), ("Jan", "Jansen"), ("Kim", "Kang"), ("Lea", "Lang"),
    ]

    /// 12 people with 25 projects each, two datasets in every project, all in one group; the user sees them all, and
    /// belongs to three further groups, one of which the user leads.
    static func fill(port: Int) async throws {
        var configuration = GatewayConfiguration(
            addresses: [ServerAddress(host: "127.0.0.1", port: port)], credentials: .password(user: "root", "omero"))
        configuration.trust = .none
        try await BlitzGateway.withConnection(configuration) { root in
            let laboratory = try await root.createGroup(
                named: "bench-laboratory", level: .readAnnotate, description: "Everybody annotates.")
            var others: [Int64] = []
            for (name, level) in [("bench-own", PermissionLevel.privateGroup), ("bench-shared", .readWrite)] {
                others.append(try await root.createGroup(named: name, level: level))
            }
            let led = try await root.createGroup(named: "bench-led", level: .readOnly)
            let account = NewUser(name: user, firstName: "Uli", lastName: "Unger")
            let id = try await root.createUser(account, password: password, group: laboratory, others: others + [led])
            try await root.addLeaders([id], toGroup: led)
            for (number, (first, last)) in people.enumerated() {
                let account = NewUser(name: "bench-\(last.lowercased())", firstName: first, lastName: last)
                let id = try await root.createUser(account, group: laboratory, others: [led])
                if number == 0 { try await root.addLeaders([id], toGroup: laboratory) }
                try await root.withUser(account.name) { try await addProjects(number, $0) }
            }
        }
    }

    private static func addProjects(_ owner: Int, _ gateway: BlitzGateway) async throws {
        let count = projects / people.count
        let made = try await gateway.save(
            (0..<count).map { number in
                Project.make { project in
                    project.name = "Project \(owner * count + number)"
                    project.description = "Cells of series \(number), stained and recorded at three wavelengths."
                }
            })
        for project in made {
            for number in 1...2 {
                let dataset = try await gateway.create(Dataset.self) { $0.name = "Dataset \(number)" }
                try await gateway.link(dataset, into: project)
            }
        }
    }
}
