public import Ice
import InteropTypes
import Synchronization

/// An exception that no operation of `Peer` declares.
struct Undeclared: UserException {
    static let descriptor = ExceptionDescriptor("::interop::Undeclared", fields: [.init("reason", .string)])
    var reason: String
    init(reason: String) { self.reason = reason }
    init(record: ObjectReference) { reason = record[0] }
    func store(in record: RecordDraft) { record[0] = reason }
}

/// Serves `interop::Peer` as the foreign peers do. It does not know the types of InteropUnknown.ice.
public final class PeerServant: Servant {
    typealias Handler = @Sendable (PeerServant, IncomingRequest) async throws -> OutgoingResponse

    private let facet: String
    /// By the name that a client gives itself in the context, so that several can count at the same time.
    private let totals = Mutex<[String: Int32]>([:])
    private let onShutdown: @Sendable () -> Void

    public init(facet: String = "", onShutdown: @escaping @Sendable () -> Void = {}) {
        self.facet = facet
        self.onShutdown = onShutdown
    }

    public var typeIDs: [String] { ["::interop::Peer"] }

    public func operation(_ name: String) -> OperationDescriptor? { PeerOperations.descriptors[name] }

    public func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
        guard let handler = Self.handlers[request.current.operation] else { throw request.operationNotExist() }
        return try await handler(self, request)
    }

    // MARK: Handlers

    private static func echo<Value: SliceCodable>(_: Value.Type) -> Handler {
        { _, request in
            let value = try request.read { try Value(from: &$0) }
            return try request.respond { value.write(to: &$0) }
        }
    }

    private static func optional<Value: SliceCodable>(_: Value.Type) -> Handler {
        { _, request in
            let value = try request.read { try $0.readOptional(tag: 2, as: Value.self) }
            return try request.respond { $0.writeOptional(tag: 1, value) }
        }
    }

    private static func plain(_ body: @escaping @Sendable (PeerServant, IncomingRequest) throws -> Void) -> Handler {
        { servant, request in
            try body(servant, request)
            return try request.respond()
        }
    }

    private static func text(_ body: @escaping @Sendable (PeerServant, Current) -> String) -> Handler {
        { servant, request in
            try request.readNothing()
            return try request.respond { $0.write(body(servant, request.current)) }
        }
    }

    static let handlers: [String: Handler] = echoes.merging(optionals) { a, _ in a }.merging(others) { a, _ in a }

    private static let echoes: [String: Handler] = [
        "echoBool": echo(Bool.self), "echoByte": echo(UInt8.self), "echoShort": echo(Int16.self),
        "echoInt": echo(Int32.self), "echoLong": echo(Int64.self), "echoFloat": echo(Float.self),
        "echoDouble": echo(Double.self), "echoString": echo(String.self), "echoColour": echo(Colour.self),
        "echoWeight": echo(Weight.self), "echoDistance": echo(Distance.self), "echoPoint": echo(Point.self),
        "echoLabel": echo(Label.self), "echoBytes": echo([UInt8].self), "echoBools": echo([Bool].self),
        "echoShorts": echo([Int16].self), "echoInts": echo([Int32].self), "echoLongs": echo([Int64].self),
        "echoFloats": echo([Float].self), "echoDoubles": echo([Double].self), "echoStrings": echo([String].self),
        "echoColours": echo([Colour].self), "echoPoints": echo([Point].self), "echoLabels": echo([Label].self),
        "echoStringLists": echo([[String]].self), "echoDicts": echo([[String: String]].self),
        "echoProxies": echo([ProxyReference?].self), "echoNodes": echo([Node?].self),
        "echoStringStrings": echo([String: String].self), "echoIntStrings": echo([Int32: String].self),
        "echoColourPoints": echo([Colour: Point].self), "echoStringNodes": echo([String: Node?].self),
        "echoLongInts": echo([Int64: [Int32]].self), "echoProxy": echo(ProxyReference?.self),
        "echoPeer": echo(ProxyReference?.self), "echoPeers": echo([ProxyReference?].self),
        "echoBase": echo(Base?.self), "echoBaseCompact": echo(Base?.self), "echoBaseSliced": echo(Base?.self),
        "echoNode": echo(Node?.self), "echoNodeSliced": echo(Node?.self), "echoObject": echo(AnySliceObject?.self),
        "echoEmpty": echo(Empty?.self), "echoCompact": echo(Compact?.self), "echoCompactSliced": echo(Compact?.self),
        "echoOptionals": echo(Optionals?.self), "echoBases": echo([Base?].self),
        "roundTripPreserved": echo(Preserved?.self),
    ]

    private static let optionals: [String: Handler] = [
        "optBool": optional(Bool.self), "optByte": optional(UInt8.self), "optShort": optional(Int16.self),
        "optInt": optional(Int32.self), "optLong": optional(Int64.self), "optFloat": optional(Float.self),
        "optDouble": optional(Double.self), "optString": optional(String.self), "optColour": optional(Colour.self),
        "optBytes": optional([UInt8].self), "optInts": optional([Int32].self), "optStrings": optional([String].self),
        "optPoint": optional(Point.self), "optLabel": optional(Label.self), "optIntInts": optional([Int32: Int32].self),
        "optDict": optional([String: String].self), "optProxy": optional(ProxyReference?.self),
        "optBase": optional(Base?.self),
    ]

    private static let fail: Handler = plain { _, request in
        let kind = try request.read { try $0.readString() }
        switch kind {
        case "failure", "unknownUser": throw Failure(reason: kind)
        case "detailed":
            let node = GraphBuilder.build { $0.node("where") }
            throw DetailedFailure(reason: kind, code: 17, where: node, hint: "a hint")
        case "detailedNoHint": throw DetailedFailure(reason: "detailed", code: 17)
        case "undeclared": throw Undeclared(reason: kind)
        case "local": throw IceError(.invocationTimeout, "a local exception")
        case "crash": throw CancellationError()
        case "objectNotExist": throw IceError(.objectNotExist, kind)
        case "facetNotExist": throw IceError(.facetNotExist, kind)
        case "operationNotExist": throw IceError(.operationNotExist, kind)
        default: break
        }
    }

    private static let others: [String: Handler] = [
        "addAll": { _, request in
            let (a, b, c, d) = try request.read { stream in
                (
                    try stream.readByte(), try stream.readInteger(Int16.self), try stream.readInteger(Int32.self),
                    try stream.readInteger(Int64.self)
                )
            }
            return try request.respond { stream in
                stream.write("\(a)+\(b)+\(c)+\(d)")
                stream.write(Int64(a) &+ Int64(b) &+ Int64(c) &+ d)
            }
        },
        "echoEverything": { _, request in
            let value = try request.read { try AllTypes?(from: &$0) }
            return try request.respond { stream in
                let text = value?.aString ?? ""
                stream.write(text + text)
                stream.write(Colour(rawValue: ((value?.aColour.rawValue ?? 0) + 1) % 3) ?? .red)
                stream.write(value)
            }
        },
        "divide": { _, request in
            let (a, b) = try request.read { (try $0.readInteger(Int32.self), try $0.readInteger(Int32.self)) }
            guard b != 0 else { throw Failure(reason: "division by zero") }
            return try request.respond { stream in
                stream.write(a.dividedReportingOverflow(by: b).partialValue)
                stream.write(a.remainderReportingOverflow(dividingBy: b).partialValue)
            }
        },
        "echoPair": { _, request in
            let pair = try request.read { try Pair(from: &$0) }
            return try request.respond { stream in
                stream.write(pair.first == pair.second)
                stream.write(pair)
            }
        },
        "ring": { _, request in
            let count = try request.read { try $0.readInteger(Int32.self) }
            return try request.respond { $0.write(ring(Int(count))) }
        },
        "ringLength": { _, request in
            let node = try request.read { try Node?(from: &$0) }
            return try request.respond { $0.write(ringLength(node)) }
        },
        "graph": { _, request in
            let count = try request.read { try $0.readInteger(Int32.self) }
            return try request.respond { $0.write(itemGraph(Int(count))) }
        },
        "graphSize": { _, request in
            let items = try request.read { try [Item?](from: &$0) }
            return try request.respond { $0.write(itemGraphSize(items)) }
        },
        "optMixed": { _, request in
            let (required, a, b) = try request.read { stream in
                (
                    try stream.readInteger(Int32.self), try stream.readOptional(tag: 3, as: Int32.self),
                    try stream.readOptional(tag: 7, as: String.self)
                )
            }
            return try request.respond { stream in
                stream.write(required &* 2)
                stream.write(required &+ (a ?? 0) &+ Int32(b?.unicodeScalars.count ?? 0))
                stream.writeOptional(tag: 4, a)
                stream.writeOptional(tag: 9, b)
            }
        },
        "fail": fail, "failSliced": fail, "failCompact": fail,
        "sendUnknownCompact": { _, request in
            try request.readNothing()
            return try request.respond { $0.write(GraphBuilder.build { $0.base(7) } as Base?) }
        },
        "sendUnknownSliced": { _, request in
            try request.readNothing()
            return try request.respond { $0.write(GraphBuilder.build { $0.base(7) } as Base?) }
        },
        "sendUnknownPreserved": { _, request in
            try request.readNothing()
            return try request.respond { stream in
                stream.write(GraphBuilder.build { $0.add(Preserved.self) { $0.p = 5 } } as Preserved?)
            }
        },
        "isIntactPreserved": { _, request in
            let value = try request.read { try Preserved?(from: &$0) }
            return try request.respond { $0.write(value?.p == 5 && value?.object.preservedTypeIDs.isEmpty == false) }
        },
        "count": plain { servant, request in
            let number = try request.read { try $0.readInteger(Int32.self) }
            servant.totals.withLock { $0[request.current.context["counter"] ?? "", default: 0] &+= number }
        },
        "counted": { servant, request in
            try request.readNothing()
            let total = servant.totals.withLock {
                $0.removeValue(forKey: request.current.context["counter"] ?? "") ?? 0
            }
            return try request.respond { $0.write(total) }
        },
        "sleep": { _, request in
            let milliseconds = try request.read { try $0.readInteger(Int32.self) }
            try await Task.sleep(for: .milliseconds(milliseconds))
            return try request.respond()
        },
        "contextValue": { _, request in
            let key = try request.read { try $0.readString() }
            return try request.respond { $0.write(request.current.context[key] ?? "") }
        },
        "context": { _, request in
            try request.readNothing()
            return try request.respond { $0.write(request.current.context) }
        },
        "facetName": text { _, current in current.facet },
        "operationMode": text { _, current in "\(current.mode)" },
        "operationModeIdempotent": text { _, current in "\(current.mode)" },
        "encodingVersion": text { _, current in "\(current.encoding)" },
        "identity": { _, request in
            try request.readNothing()
            return try request.respond { request.current.identity.write(to: &$0) }
        },
        "callMe": { _, request in
            let (identity, times) = try request.read { (try Identity(from: &$0), try $0.readInteger(Int32.self)) }
            let sum = try await callBack(request.current.connection.createProxy(identity), times)
            return try request.respond { $0.write(sum) }
        },
        "callProxy": { _, request in
            let (proxy, times) = try request.read { (try Proxy?(from: &$0), try $0.readInteger(Int32.self)) }
            guard let proxy else { throw IceError(.illegalArgument, "a null proxy") }
            let sum = try await callBack(proxy, times)
            return try request.respond { $0.write(sum) }
        },
        "shutdown": plain { servant, request in
            try request.readNothing()
            servant.onShutdown()
        },
    ]

    private static func callBack(_ proxy: Proxy, _ times: Int32) async throws -> Int32 {
        try await proxy.invoke("ping")
        var sum: Int32 = 0
        for number in 0..<max(times, 0) {
            sum &+= try await proxy.invoke("notify") { stream in
                stream.write(number)
                stream.write("call \(number)")
            } read: {
                try $0.readInteger(Int32.self)
            }
        }
        return sum
    }
}

/// What Interop.ice says of modes, formats and exceptions.
public enum PeerOperations {
    private static let idempotent: Set<String> = [
        "echoByte", "echoInt", "echoFloat", "echoString", "echoWeight", "echoPoint", "echoBytes",
        "operationModeIdempotent",
    ]
    private static let sliced: Set<String> = [
        "echoBaseSliced", "echoNodeSliced", "echoCompactSliced", "failSliced", "sendUnknownSliced",
        "sendUnknownPreserved", "roundTripPreserved", "isIntactPreserved",
    ]
    private static let compact: Set<String> = ["echoBaseCompact", "failCompact"]
    private static let failing: Set<String> = ["divide", "fail", "failSliced", "failCompact"]

    public static func mode(_ name: String) -> OperationMode { idempotent.contains(name) ? .idempotent : .normal }
    public static func format(_ name: String) -> SliceFormat? {
        sliced.contains(name) ? .sliced : compact.contains(name) ? .compact : nil
    }

    static let descriptors: [String: OperationDescriptor] = Dictionary(
        uniqueKeysWithValues: PeerServant.handlers.keys.map { name in
            (
                name,
                OperationDescriptor(
                    name,
                    mode: mode(name),
                    format: format(name),
                    exceptions: failing.contains(name) ? [Failure.typeID] : []
                )
            )
        }
    )
}

/// Remembers what it is told, and answers each number plus one.
public final class CallbackServant: InlineServant {
    private let texts = Mutex<[String]>([])

    public init() {}
    public var typeIDs: [String] { ["::interop::Callback"] }
    public var received: [String] { texts.withLock { $0 } }

    public func dispatchInline(_ request: IncomingRequest) throws -> OutgoingResponse {
        switch request.current.operation {
        case "notify":
            let (number, text) = try request.read { (try $0.readInteger(Int32.self), try $0.readString()) }
            texts.withLock { $0.append(text) }
            return try request.respond { $0.write(number &+ 1) }
        case "ping":
            try request.readNothing()
            return try request.respond()
        default:
            throw request.operationNotExist()
        }
    }
}
