/// Writes the proxy and the servant protocol of an interface.
struct ServiceWriter {
    let schema: Schema
    let types: Types
    private var names: Names { types.names }

    init(_ types: Types) {
        schema = types.schema
        self.types = types
    }

    /// An operation in Swift's terms.
    struct Operation {
        let declaration: OperationDeclaration
        let name: String
        let parameters: [(name: String, type: SwiftType)]
        let result: SwiftType?

        var mode: String { declaration.mode == "normal" ? "" : ", mode: .\(declaration.mode)" }
        var format: String { declaration.format.map { $0 == "default" ? "" : ", format: .\($0)" } ?? "" }
        var types: [SwiftType] { parameters.map(\.type) + (result.map { [$0] } ?? []) }
        var arrow: String { result.map { " -> \($0.name)" } ?? "" }
    }

    func operations(of declaration: InterfaceDeclaration) throws -> [Operation] {
        try (declaration.operations ?? []).map { operation in
            guard operation.outs == nil else { throw GeneratorError("\(operation.name): out-parameters are not known") }
            let id = "\(declaration.id).\(operation.name)"
            return Operation(
                declaration: operation,
                name: Names.quoted(schema.patches.names[id] ?? operation.name),
                parameters: try (operation.parameters ?? []).map {
                    let name = names.parameter(id, $0.name)
                    if ["context", "timeout", "current", "stream", "result"].contains(name) {
                        throw GeneratorError("\(id): parameter \(name) needs another name")
                    }
                    return (name, try types.swift($0.type))
                },
                result: try operation.result.map { try types.swift($0.type) }
            )
        }
    }

    /// All interfaces that it derives from, the nearest first.
    func bases(of declaration: InterfaceDeclaration) -> [InterfaceDeclaration] {
        (declaration.interfaces ?? []).flatMap { name -> [InterfaceDeclaration] in
            guard let base = schema.interfaces[name] else { return [] }
            return [base] + bases(of: base)
        }
    }

    private func isBase(_ id: String) -> Bool {
        schema.interfaces.values.contains { $0.interfaces?.contains(id) == true }
    }

    private func imports(_ exposed: [Operation], _ used: [Operation]) -> Imports {
        var imports = Imports()
        imports.expose(["Ice"])
        imports.use("IceEncoding")
        for operation in exposed { for type in operation.types { imports.expose(type.modules) } }
        for operation in used {
            for type in operation.types where type.isBridged || !type.modules.isEmpty {
                for module in type.modules { imports.use(module) }
                if type.isBridged { imports.use(Module.model.rawValue) }
            }
        }
        imports.remove(Module.api.rawValue)
        return imports
    }

    // MARK: Proxy

    func proxy(_ declaration: InterfaceDeclaration) throws -> String {
        let id = declaration.id
        let name = names.proxy(id)
        let operations = try operations(of: declaration)
        var source = Source(release: schema.release, imports: imports(operations, operations))
        let base = declaration.interfaces?.first.map { names.proxy($0) + "Protocol" } ?? "TypedProxy"
        let isBase = isBase(id)
        if isBase {
            source.line("/// What proxies for `\(id)` and for the interfaces derived from it have in common.")
            source.line("public protocol \(name)Protocol: \(base) {}")
            source.line()
        }
        source.line("/// A proxy for objects of `\(id)`.")
        source.block("public struct \(name): \(isBase ? "\(name)Protocol" : base) {") { source in
            source.line("public static let typeID = \(id.literal)")
            source.line("public let proxy: Proxy")
            source.line("public init(_ proxy: Proxy) { self.proxy = proxy }")
        }
        guard !operations.isEmpty else { return source.text }
        source.line()
        source.block("extension \(isBase ? "\(name)Protocol" : name) {") { source in
            for (number, operation) in operations.enumerated() {
                if number > 0 { source.line() }
                call(operation, to: &source)
            }
        }
        return source.text
    }

    private func call(_ operation: Operation, to source: inout Source) {
        source.line("/// `\(operation.declaration.name)`")
        source.line("///")
        source.line("/// - Throws: \((exceptions(operation) + ["`IceError`"]).joined(separator: ", ")).")
        let parameters =
            operation.parameters.map { "\($0.name == "in" ? "`in`" : $0.name): \($0.type.name)" }
            + ["context: Context? = nil", "timeout: Duration? = nil"]
        source.list("public func \(operation.name)(", parameters, closing: ") async throws\(operation.arrow) {")
        source.line("    \(invocation(operation))")
        source.line("}")
    }

    /// A link leads to what is of this module; Glacier2's exceptions are documented there.
    private func exceptions(_ operation: Operation) -> [String] {
        (operation.declaration.exceptions ?? []).map { id in
            id.hasPrefix("::Glacier2::") ? "`\(names.type(id))`" : "``\(names.type(id))``"
        }
    }

    private func invocation(_ operation: Operation) -> String {
        let start =
            "try await self.proxy.invoke(\(operation.declaration.name.literal)\(operation.mode)\(operation.format), "
            + "options: CallOptions(context: context, timeout: timeout))"
        let writes = operation.parameters.map {
            "\($0.type.toWireParenthesized(Names.quoted($0.name))).write(to: &stream)"
        }
        let write =
            writes.isEmpty ? "" : " { stream in\n            \(writes.joined(separator: "\n            "))\n        }"
        guard let result = operation.result else { return start + write }
        if result.isBridged {
            let read = "{ try \(result.wireExpression)(from: &$0) }"
            let call = writes.isEmpty ? "\(start) \(read)" : "\(start)\(write) read: \(read)"
            return "let result = \(call)\n        return \(result.fromWire("result"))"
        }
        let read = "{ try \(result.wireExpression)(from: &$0) }"
        return writes.isEmpty ? "\(start) \(read)" : "\(start)\(write) read: \(read)"
    }

    // MARK: Servant

    func servant(_ declaration: InterfaceDeclaration) throws -> String {
        let id = declaration.id
        let name = names.servant(id)
        let own = try operations(of: declaration)
        let bases = bases(of: declaration)
        let inherited = try bases.flatMap(operations(of:))
        let all = own + inherited
        var source = Source(release: schema.release, imports: imports(own, all))
        source.line("/// Serves `\(id)`. An operation that is left out answers that it does not exist.")
        let base = declaration.interfaces?.first.map(names.servant) ?? "Servant"
        source.block("public protocol \(name): \(base) {") { source in
            for operation in own {
                let thrown = exceptions(operation)
                source.line("/// `\(operation.declaration.name)`")
                if !thrown.isEmpty {
                    source.line("///")
                    source.line(
                        "/// - Throws: \(thrown.joined(separator: ", ")). Anything else reaches the caller as an unknown exception."
                    )
                }
                source.list(head(operation), arguments(operation), closing: tail(operation))
            }
        }
        source.line()
        source.block("extension \(name) {") { source in
            for operation in own {
                source.line("/// Answers that `\(operation.declaration.name)` does not exist.")
                source.list("public " + head(operation), arguments(operation), closing: tail(operation) + " {")
                source.line("    throw current.operationNotExist()")
                source.line("}")
                source.line()
            }
            let ids = ([declaration] + bases).map { $0.id.literal }
            source.line("/// The type ids of the interface and its bases, the most derived one first.")
            source.list("public static var interfaceIDs: [String] { [", ids, closing: "] }")
            source.line("/// What the interface's description says of its operations, by name.")
            source.line("public static var operations: [String: OperationDescriptor] { \(table(id)) }")
            source.line("public var typeIDs: [String] { Self.interfaceIDs }")
            source.line("public func operation(_ name: String) -> OperationDescriptor? { \(table(id))[name] }")
            source.line()
            source.block("public func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {") {
                source in
                source.line("switch request.current.operation {")
                for operation in all { dispatch(operation, to: &source) }
                source.line("default: throw request.operationNotExist()")
                source.line("}")
            }
        }
        source.line()
        source.block("private let \(table(id)) = OperationDescriptor.table([", closing: "])") { source in
            for operation in all {
                let exceptions = (operation.declaration.exceptions ?? []).map(\.literal).joined(separator: ", ")
                let mode = operation.declaration.mode
                let form = operation.format.isEmpty ? "" : operation.format
                source.line(
                    "OperationDescriptor(\(operation.declaration.name.literal), mode: .\(mode)\(form), "
                        + "exceptions: [\(exceptions)]),"
                )
            }
        }
        return source.text
    }

    private func table(_ id: String) -> String { Names.lowerFirst(names.type(id)) + "Operations" }
    private func head(_ operation: Operation) -> String { "func \(operation.name)(" }
    private func tail(_ operation: Operation) -> String { ") async throws\(operation.arrow)" }
    private func arguments(_ operation: Operation) -> [String] {
        operation.parameters.map { "\($0.name): \($0.type.name)" } + ["current: Current"]
    }

    private func dispatch(_ operation: Operation, to source: inout Source) {
        source.line("case \(operation.declaration.name.literal):")
        let parameters = operation.parameters
        func read(_ type: SwiftType) -> String { "try \(type.wireExpression)(from: &$0)" }
        switch parameters.count {
        case 0: source.line("    try request.readNothing()")
        case 1: source.line("    let p0 = try request.read { \(read(parameters[0].type)) }")
        default:
            source.line("    let p = try request.read {")
            let reads = parameters.map { read($0.type) }.joined(separator: ", ")
            source.line("        (\(reads))")
            source.line("    }")
        }
        let arguments = parameters.enumerated().map { number, parameter in
            let value = parameters.count == 1 ? "p0" : "p.\(number)"
            return "\(parameter.name): \(parameter.type.fromWire(value))"
        }
        let call = "try await \(operation.name)(\((arguments + ["current: request.current"]).joined(separator: ", ")))"
        if let result = operation.result {
            source.line("    let result = \(call)")
            source.line("    return try request.respond { \(result.written("result")) }")
        } else {
            source.line("    \(call)")
            source.line("    return try request.respond()")
        }
    }
}

extension SwiftType {
    /// The wire's type as an expression that can be called: `Optional<Project>` for `Project?`.
    var wireExpression: String { wire.hasSuffix("?") ? "Optional<\(wire.dropLast())>" : wire }

    /// The statement that writes a result to `$0`.
    func written(_ value: String) -> String {
        wire.hasPrefix("[[Box<") ? "Box.write(\(value), to: &$0)" : "\(toWireParenthesized(value)).write(to: &$0)"
    }

    func toWireParenthesized(_ value: String) -> String { isBridged ? toWire(value) : value }
}
