import ArgumentParser
import OMERO
import OMEROModel

/// `blitz get`
struct GetCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show objects with all their properties, in whatever group they are.",
        discussion: "Example: blitz get Image:5 Dataset:2"
    )
    @Argument(help: ArgumentHelp("Type and number, such as Image:5.", valueName: "type:id"))
    var references: [ObjectReferenceArgument]
    @OptionGroup var server: ServerOptions
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) async throws {
        let dumps = try await server.withGateway(on: console) { gateway in
            var dumps: [ObjectDump] = []
            for reference in references { dumps.append(try await read(reference, gateway.inAllGroups)) }
            return dumps
        }
        for (index, dump) in dumps.enumerated() {
            if index > 0, !console.json { try console.line() }
            try console.result(dump) { dump.lines(on: console.out.terminal) }
        }
    }

    private func read(_ reference: ObjectReferenceArgument, _ context: some GatewayContext) async throws -> ObjectDump {
        let name = reference.type.name
        // What has no owner has no such details.
        let details =
            ["Experimenter", "ExperimenterGroup"].contains(name)
            ? ""
            : ["owner", "group", "creationEvent", "updateEvent"]
                .map { " left outer join fetch o.details.\($0)" }.joined()
        let found = try await context.query(
            "select o from \(name) o\(details) where o.id = :id", ["id": .long(reference.id)], as: IObject.self)
        guard let object = found.first else {
            throw Failure(
                .notFound, "there is no \(name) \(reference.id), or you may not see it",
                advice: "See what there is: blitz ls \(name) --group all")
        }
        return ObjectDump(object.object)
    }
}
