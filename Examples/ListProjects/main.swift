import OMERO

// Where the server is and who logs in: the variables OMERO_HOST, OMERO_USER, OMERO_PASSWORD, …, else the last log-in.
do {
    let settings = try ConnectionSettings(sessions: SessionFiles())
    try await BlitzGateway.withConnection(GatewayConfiguration(settings)) { gateway in
        for group in try await gateway.groups(ofUser: gateway.userID) {
            let here = gateway.inGroup(group.id)
            for try await project in here.objects(Project.self).ordered(by: .name) {
                let datasets = try await here.objects(Dataset.self).inside(project).count()
                print("\(group.name): \(try project.name), datasets: \(datasets)")
            }
        }
    }
} catch let error as GatewayError {
    // It says what happened, and what to do.
    print(error)
}
