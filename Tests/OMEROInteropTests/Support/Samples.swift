import Ice
import IceEncoding
import Synchronization
import Testing

/// Reads what an operation of the peer gives, and makes of it what Swift's users see.
struct Reader<Value>: Sendable {
    let fetch: @Sendable (_ proxy: Proxy, _ operation: String) async throws -> Value

    init(_ read: @escaping @Sendable (inout IceInputStream) throws -> Value) {
        fetch = { proxy, operation in try await proxy.invoke(operation, mode: .idempotent, read: read) }
    }

    /// Boxes are looked into when all of the message was read.
    init<Wire>(
        _ read: @escaping @Sendable (inout IceInputStream) throws -> Wire,
        _ convert: @escaping @Sendable (Wire) -> Value
    ) {
        fetch = { proxy, operation in convert(try await proxy.invoke(operation, mode: .idempotent, read: read)) }
    }
}

extension Reader where Value == Void {
    static var nothing: Self { Reader { _ in } }
}

/// An operation, with what its sample call takes and returns: the peer knows it (Tests/Interop/OMERO/peer.py).
struct Sample<Arguments, Result>: Sendable {
    let name: String
    private let arguments: Reader<Arguments>
    private let result: Reader<Result>
    /// Whether it declares exceptions.
    let isThrowing: Bool

    init(_ name: String, _ arguments: Reader<Arguments>, _ result: Reader<Result>, throws isThrowing: Bool) {
        self.name = name
        self.arguments = arguments
        self.result = result
        self.isThrowing = isThrowing
    }

    func arguments(_ proxy: Proxy) async throws -> Arguments { try await arguments.fetch(proxy, "arguments_" + name) }
    func result(_ proxy: Proxy) async throws -> Result { try await result.fetch(proxy, "result_" + name) }
}

/// Entries of a call's context that the peer and our servants understand.
enum ContextKey {
    /// The name of the operation: shows that the context arrives.
    static let call = "call"
    /// Asks for the exception instead of the result.
    static let raise = "raise"
    /// Asks to wait for so many seconds.
    static let slow = "slow"
}

/// Calls the operations of an interface by its typed proxy, with the peer's samples.
final class Calls: Sendable {
    struct Counts: Sendable, Equatable {
        var results = 0
        var exceptions = 0
        var timeouts = 0
    }

    /// The peer's object that has the interface, and operations to ask for samples.
    let proxy: Proxy
    private let state = Mutex(Counts())
    var counts: Counts { state.withLock { $0 } }

    init(_ proxy: Proxy) { self.proxy = proxy }

    typealias Body<Arguments, Result> = (Arguments, Context, Duration?) async throws -> Result

    func check<Arguments, Result>(_ sample: Sample<Arguments, Result>, _ body: Body<Arguments, Result>) async {
        do {
            try await result(sample, body)
            if sample.isThrowing { try await exception(sample, body) }
            if counts.timeouts == 0 { try await timeout(sample, body) }
        } catch {
            Issue.record("\(proxy.identity).\(sample.name): \(String(reflecting: error))")
        }
    }

    private func result<Arguments, Result>(
        _ sample: Sample<Arguments, Result>,
        _ body: Body<Arguments, Result>
    ) async throws {
        let arguments = try await sample.arguments(proxy)
        let found = try await body(arguments, [ContextKey.call: sample.name], .seconds(30))
        let wanted = try await sample.result(proxy)
        if let difference = difference(describe(wanted), describe(found)) { throw Mismatch(difference) }
        state.withLock { $0.results += 1 }
    }

    private func exception<Arguments, Result>(
        _ sample: Sample<Arguments, Result>,
        _ body: Body<Arguments, Result>
    ) async throws {
        let wanted = try await proxy.invoke("exception_" + sample.name, mode: .idempotent) { try String(from: &$0) }
        let arguments = try await sample.arguments(proxy)
        do {
            _ = try await body(arguments, [ContextKey.call: sample.name, ContextKey.raise: ""], nil)
        } catch let error as any UserException {
            if let difference = difference(wanted, Description.of(error)) { throw Mismatch(difference) }
            state.withLock { $0.exceptions += 1 }
            return
        }
        throw Mismatch("no exception")
    }

    /// Shows that the call's own time limit counts.
    private func timeout<Arguments, Result>(
        _ sample: Sample<Arguments, Result>,
        _ body: Body<Arguments, Result>
    ) async throws {
        let arguments = try await sample.arguments(proxy)
        let context = [ContextKey.call: sample.name, ContextKey.slow: "0.5"]
        do {
            _ = try await body(arguments, context, .milliseconds(20))
        } catch let error as IceError where error.code == .invocationTimeout {
            state.withLock { $0.timeouts += 1 }
            return
        }
        throw Mismatch("no time-out")
    }
}

/// Carries out the operations of our servants: compares the arguments with the peer's samples, answers with them.
struct Oracle: Sendable {
    /// The peer's object that has the interface.
    let proxy: Proxy

    func answer<Arguments, Result>(
        _ sample: Sample<Arguments, Result>,
        _ arguments: Arguments,
        _ current: Current
    ) async throws -> Result {
        let proxy = proxy.withEncoding(current.encoding)
        guard current.context[ContextKey.call] == sample.name, current.operation == sample.name else {
            throw IceError(.unknownException, "the context is \(current.context), the operation \(current.operation)")
        }
        let wanted = try await sample.arguments(proxy)
        if let difference = difference(describe(wanted), describe(arguments)) {
            throw IceError(.unknownException, difference)
        }
        if current.context[ContextKey.raise] != nil {
            try await proxy.invoke("raise_" + sample.name, mode: .idempotent)
            throw IceError(.unknownException, "the peer raised nothing")
        }
        return try await sample.result(proxy)
    }
}

/// An interface with its samples; generated.
protocol InterfaceTest: SendableMetatype {
    /// The type id.
    static var id: String { get }
    /// A servant that compares and answers.
    static func servant(_ oracle: Oracle) -> any Servant
    /// A servant that has no operation.
    static var emptyServant: any Servant { get }
    /// Calls every operation, inherited ones too.
    static func call(_ calls: Calls) async
}

struct Mismatch: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
