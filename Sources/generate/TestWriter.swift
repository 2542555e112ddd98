/// Writes, for each interface, what the tests with omero-py need: the samples of its operations, a call of each by the
/// typed proxy, and a servant that compares what it gets with the samples (Tests/OMEROInteropTests/Support).
struct TestWriter {
    let services: ServiceWriter
    private var names: Names { services.types.names }
    private var release: String { services.schema.release }

    init(_ types: Types) { services = ServiceWriter(types) }

    private var imports: Imports {
        var imports = Imports()
        for module in ["Ice", "IceEncoding", "NIOCore", "OMEROAPI", "OMEROModel"] { imports.use(module) }
        return imports
    }

    func file(_ declaration: InterfaceDeclaration) throws -> String {
        let own = try services.operations(of: declaration)
        let bases = services.bases(of: declaration)
        // With the interface that declares the operation, which has the sample.
        var all = own.map { (owner: declaration.id, operation: $0) }
        for base in bases { all += try services.operations(of: base).map { (base.id, $0) } }
        var imports = imports
        if all.contains(where: { $0.operation.types.contains { $0.modules.contains("Foundation") } }) {
            imports.use("Foundation")
        }
        var source = Source(release: release, imports: imports)
        source.block("enum \(samples(declaration.id)) {") { source in
            for operation in own { sample(operation, to: &source) }
        }
        source.line()
        let name = names.type(declaration.id)
        source.block("struct \(name)Test: InterfaceTest {") { source in
            source.line("static let id = \(declaration.id.literal)")
            source.line("static func servant(_ oracle: Oracle) -> any Servant { \(name)TestServant(oracle: oracle) }")
            source.line("static var emptyServant: any Servant { \(name)EmptyServant() }")
            source.block("static func call(_ calls: Calls) async {") { source in
                if !all.isEmpty { source.line("let proxy = \(names.proxy(declaration.id))(calls.proxy)") }
                for (owner, operation) in all { call(operation, samples(owner), to: &source) }
            }
        }
        source.line()
        source.block("private struct \(name)TestServant: \(names.servant(declaration.id)) {") { source in
            source.line("let oracle: Oracle")
            for (owner, operation) in all { answer(operation, samples(owner), to: &source) }
        }
        source.line()
        source.line("private struct \(name)EmptyServant: \(names.servant(declaration.id)) {}")
        return source.text
    }

    /// The list of all.
    func list(_ interfaces: [InterfaceDeclaration]) -> String {
        var source = Source(release: release, imports: Imports())
        source.block("let allInterfaces: [any InterfaceTest.Type] = [", closing: "]") { source in
            for declaration in interfaces { source.line("\(names.type(declaration.id))Test.self,") }
        }
        return source.text
    }

    private func samples(_ id: String) -> String { names.type(id) + "Samples" }

    private func sample(_ operation: ServiceWriter.Operation, to source: inout Source) {
        let types = operation.parameters.map(\.type)
        let list = types.map(\.name).joined(separator: ", ")
        let arguments = types.isEmpty ? "Void" : types.count == 1 ? list : "(\(list))"
        source.block(
            "static let \(operation.name) = Sample<\(arguments), \(operation.result?.name ?? "Void")>(",
            closing: ")"
        ) { source in
            source.line("\(operation.declaration.name.literal),")
            source.line("\(reader(types)),")
            source.line("\(reader(operation.result.map { [$0] } ?? [])),")
            source.line("throws: \((operation.declaration.exceptions ?? []).isEmpty ? "false" : "true")")
        }
    }

    private func reader(_ types: [SwiftType]) -> String {
        if types.isEmpty { return ".nothing" }
        let reads = types.map { "\($0.wireExpression)(from: &$0)" }.joined(separator: ", ")
        let read = types.count == 1 ? "{ try \(reads) }" : "{ try (\(reads)) }"
        guard types.contains(where: \.isBridged) else { return ".init \(read)" }
        let values = types.enumerated().map { $1.fromWire(types.count == 1 ? "wire" : "wire.\($0)") }
        return ".init(\(read), { wire in (\(values.joined(separator: ", "))) })"
    }

    private func call(_ operation: ServiceWriter.Operation, _ samples: String, to source: inout Source) {
        let parameters = operation.parameters
        let arguments = parameters.enumerated().map { number, parameter in
            "\(parameter.name): \(parameters.count == 1 ? "$0" : "$0.\(number)")"
        }
        let list = (arguments + ["context: $1", "timeout: $2"]).joined(separator: ", ")
        let ignored = parameters.isEmpty ? "_ = $0; return " : ""
        source.line(
            "await calls.check(\(samples).\(operation.name)) { \(ignored)try await proxy.\(operation.name)(\(list)) }")
    }

    private func answer(_ operation: ServiceWriter.Operation, _ samples: String, to source: inout Source) {
        let parameters = operation.parameters.map { "\($0.name): \($0.type.name)" } + ["current: Current"]
        source.list("func \(operation.name)(", parameters, closing: ") async throws\(operation.arrow) {")
        let values = operation.parameters.map { Names.quoted($0.name) }.joined(separator: ", ")
        let arguments = operation.parameters.count == 1 ? values : "(\(values))"
        source.line("    try await oracle.answer(\(samples).\(operation.name), \(arguments), current)")
        source.line("}")
    }
}
