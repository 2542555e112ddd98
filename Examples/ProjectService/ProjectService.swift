import Hummingbird
import OMERO

/// Projects as JSON, for whoever logs in with HTTP's basic authentication.
///
///     GET /health          how many gateways there are
///     GET /projects        the projects in all groups of the user
///     GET /projects/5      one of them, with its datasets
@main struct ProjectService {
    static func main() async throws {
        // The server only: users come with the requests.
        let address = try ConnectionSettings().serverAddress()
        let service = ProjectService(GatewayConfiguration(addresses: [address], credentials: .guest))
        try await service.application(port: 8080).runService()
    }

    let pools: BlitzGatewayPools

    // snippet: web-pools
    /// - Parameter configuration: how to reach the server; its credentials are not looked at.
    init(_ configuration: GatewayConfiguration) {
        var limits = PoolConfiguration()
        limits.maximum = 16  // over all users
        limits.maximumPerIdentity = 2
        limits.waitLimit = .seconds(5)
        pools = BlitzGatewayPools(configuration, limits: limits)
    }

    func application(port: Int) -> some ApplicationProtocol {
        let router = Router()
        router.add(middleware: GatewayErrors())
        router.get("health") { _, _ in Health(gateways: pools.count, waiting: pools.waitingCount) }
        router.get("projects") { request, _ in
            try await pools.withGateway(for: request.credentials) { gateway in
                try await gateway.inAllGroups.objects(Project.self).ordered(by: .name).all().map(ProjectSummary.init)
            }
        }
        router.get("projects/:id") { request, context in
            let id = try context.parameters.require("id", as: Int64.self)
            return try await pools.withGateway(for: request.credentials) { gateway in
                let project = try await gateway.inAllGroups.object(Project.self, id: id)
                let datasets = try await gateway.inGroup(of: project).objects(Dataset.self).inside(project).all()
                return try ProjectDetails(ProjectSummary(project), datasets: datasets.map { try $0.name })
            }
        }
        // The pools are a service beside the web server: they close their gateways when it stops.
        return Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), services: [pools])
    }
    // end
}

struct Health: ResponseEncodable, Decodable {
    var gateways: Int
    var waiting: Int
}

struct ProjectSummary: ResponseEncodable, Decodable, Equatable {
    var id: Int64
    var name: String
    var owner: String?
    var group: String?

    init(_ project: Project) throws {
        id = project.id ?? 0
        name = try project.name
        owner = project.ownerName
        group = project.groupName
    }
}

struct ProjectDetails: ResponseEncodable, Decodable {
    var project: ProjectSummary
    var datasets: [String]

    init(_ project: ProjectSummary, datasets: [String]) {
        self.project = project
        self.datasets = datasets.sorted()
    }
}
