// The interfaces of Interop.ice, mapped by hand as generated code would be.

public import Ice
public import InteropTypes

public struct CallbackProxy: TypedProxy {
    public static let typeID = "::interop::Callback"
    public let proxy: Proxy

    public init(_ proxy: Proxy) { self.proxy = proxy }

    public func notify(_ n: Int32, _ text: String) async throws -> Int32 {
        try await proxy.invoke("notify") { stream in
            stream.write(n)
            stream.write(text)
        } read: { stream in
            try stream.readInteger()
        }
    }

    public func ping() async throws { try await proxy.invoke("ping") }
}

public struct PeerProxy: TypedProxy {
    public static let typeID = "::interop::Peer"
    public let proxy: Proxy

    public init(_ proxy: Proxy) { self.proxy = proxy }

    /// An operation of one parameter.
    private func call<Parameter: SliceCodable, Result: SliceCodable>(
        _ operation: String,
        _ parameter: Parameter,
        mode: OperationMode = .normal,
        format: SliceFormat? = nil
    ) async throws -> Result {
        try await proxy.invoke(operation, mode: mode, format: format) { stream in
            parameter.write(to: &stream)
        } read: { stream in
            try Result(from: &stream)
        }
    }

    /// An operation without parameters.
    private func call<Result: SliceCodable>(
        _ operation: String,
        mode: OperationMode = .normal,
        format: SliceFormat? = nil,
        options: CallOptions = .init()
    ) async throws -> Result {
        try await proxy.invoke(operation, mode: mode, format: format, options: options) { stream in
            try Result(from: &stream)
        }
    }

    // MARK: Echoes

    public func echoBool(_ v: Bool) async throws -> Bool { try await call("echoBool", v) }
    public func echoByte(_ v: UInt8) async throws -> UInt8 { try await call("echoByte", v, mode: .idempotent) }
    public func echoShort(_ v: Int16) async throws -> Int16 { try await call("echoShort", v) }
    public func echoInt(_ v: Int32) async throws -> Int32 { try await call("echoInt", v, mode: .idempotent) }
    public func echoLong(_ v: Int64) async throws -> Int64 { try await call("echoLong", v) }
    public func echoFloat(_ v: Float) async throws -> Float { try await call("echoFloat", v, mode: .idempotent) }
    public func echoDouble(_ v: Double) async throws -> Double { try await call("echoDouble", v) }
    public func echoString(_ v: String) async throws -> String { try await call("echoString", v, mode: .idempotent) }
    public func echoColour(_ v: Colour) async throws -> Colour { try await call("echoColour", v) }
    public func echoWeight(_ v: Weight) async throws -> Weight { try await call("echoWeight", v, mode: .idempotent) }
    public func echoDistance(_ v: Distance) async throws -> Distance { try await call("echoDistance", v) }
    public func echoPoint(_ v: Point) async throws -> Point { try await call("echoPoint", v, mode: .idempotent) }
    public func echoLabel(_ v: Label) async throws -> Label { try await call("echoLabel", v) }
    public func echoBytes(_ v: [UInt8]) async throws -> [UInt8] { try await call("echoBytes", v, mode: .idempotent) }
    public func echoBools(_ v: [Bool]) async throws -> [Bool] { try await call("echoBools", v) }
    public func echoShorts(_ v: [Int16]) async throws -> [Int16] { try await call("echoShorts", v) }
    public func echoInts(_ v: [Int32]) async throws -> [Int32] { try await call("echoInts", v) }
    public func echoLongs(_ v: [Int64]) async throws -> [Int64] { try await call("echoLongs", v) }
    public func echoFloats(_ v: [Float]) async throws -> [Float] { try await call("echoFloats", v) }
    public func echoDoubles(_ v: [Double]) async throws -> [Double] { try await call("echoDoubles", v) }
    public func echoStrings(_ v: [String]) async throws -> [String] { try await call("echoStrings", v) }
    public func echoColours(_ v: [Colour]) async throws -> [Colour] { try await call("echoColours", v) }
    public func echoPoints(_ v: [Point]) async throws -> [Point] { try await call("echoPoints", v) }
    public func echoLabels(_ v: [Label]) async throws -> [Label] { try await call("echoLabels", v) }
    public func echoStringLists(_ v: [[String]]) async throws -> [[String]] { try await call("echoStringLists", v) }
    public func echoDicts(_ v: [[String: String]]) async throws -> [[String: String]] { try await call("echoDicts", v) }
    public func echoProxies(_ v: [Proxy?]) async throws -> [Proxy?] { try await call("echoProxies", v) }
    public func echoNodes(_ v: [Node?]) async throws -> [Node?] { try await call("echoNodes", v) }
    public func echoStringStrings(_ v: [String: String]) async throws -> [String: String] {
        try await call("echoStringStrings", v)
    }
    public func echoIntStrings(_ v: [Int32: String]) async throws -> [Int32: String] {
        try await call("echoIntStrings", v)
    }
    public func echoColourPoints(_ v: [Colour: Point]) async throws -> [Colour: Point] {
        try await call("echoColourPoints", v)
    }
    public func echoStringNodes(_ v: [String: Node?]) async throws -> [String: Node?] {
        try await call("echoStringNodes", v)
    }
    public func echoLongInts(_ v: [Int64: [Int32]]) async throws -> [Int64: [Int32]] {
        try await call("echoLongInts", v)
    }
    public func echoProxy(_ v: Proxy?) async throws -> Proxy? { try await call("echoProxy", v) }
    public func echoPeer(_ v: PeerProxy?) async throws -> PeerProxy? { try await call("echoPeer", v) }
    public func echoPeers(_ v: [PeerProxy?]) async throws -> [PeerProxy?] { try await call("echoPeers", v) }
    public func echoBase(_ v: Base?) async throws -> Base? { try await call("echoBase", v) }
    public func echoBaseCompact(_ v: Base?) async throws -> Base? {
        try await call("echoBaseCompact", v, format: .compact)
    }
    public func echoBaseSliced(_ v: Base?) async throws -> Base? {
        try await call("echoBaseSliced", v, format: .sliced)
    }
    public func echoNode(_ v: Node?) async throws -> Node? { try await call("echoNode", v) }
    public func echoNodeSliced(_ v: Node?) async throws -> Node? {
        try await call("echoNodeSliced", v, format: .sliced)
    }
    public func echoObject(_ v: AnySliceObject?) async throws -> AnySliceObject? { try await call("echoObject", v) }
    public func echoEmpty(_ v: Empty?) async throws -> Empty? { try await call("echoEmpty", v) }
    public func echoCompact(_ v: Compact?) async throws -> Compact? { try await call("echoCompact", v) }
    public func echoCompactSliced(_ v: Compact?) async throws -> Compact? {
        try await call("echoCompactSliced", v, format: .sliced)
    }
    public func echoOptionals(_ v: Optionals?) async throws -> Optionals? { try await call("echoOptionals", v) }
    public func echoBases(_ v: [Base?]) async throws -> [Base?] { try await call("echoBases", v) }

    // MARK: Results and out-parameters

    public func addAll(_ a: UInt8, _ b: Int16, _ c: Int32, _ d: Int64) async throws -> (result: Int64, text: String) {
        try await proxy.invoke("addAll") { stream in
            stream.write(a)
            stream.write(b)
            stream.write(c)
            stream.write(d)
        } read: { stream in
            let text = try stream.readString()
            return (try stream.readInteger(), text)
        }
    }

    public func echoEverything(_ v: AllTypes?) async throws -> (result: AllTypes?, doubled: String, turned: Colour) {
        try await proxy.invoke("echoEverything") { stream in
            stream.write(v)
        } read: { stream in
            let doubled = try stream.readString()
            let turned = try Colour(from: &stream)
            return (try AllTypes?(from: &stream), doubled, turned)
        }
    }

    public func divide(_ a: Int32, _ b: Int32) async throws -> (quotient: Int32, rest: Int32) {
        try await proxy.invoke("divide") { stream in
            stream.write(a)
            stream.write(b)
        } read: { stream in
            (try stream.readInteger(), try stream.readInteger())
        }
    }

    public func echoPair(_ v: Pair) async throws -> (result: Pair, same: Bool) {
        try await proxy.invoke("echoPair") { stream in
            v.write(to: &stream)
        } read: { stream in
            let same = try stream.readBool()
            return (try Pair(from: &stream), same)
        }
    }

    // MARK: Graphs

    public func ring(_ n: Int32) async throws -> Node? { try await call("ring", n) }
    public func ringLength(_ n: Node?) async throws -> Int32 { try await call("ringLength", n) }
    public func graph(_ n: Int32) async throws -> [Item?] { try await call("graph", n) }
    public func graphSize(_ v: [Item?]) async throws -> Int32 { try await call("graphSize", v) }

    // MARK: Optionals

    private func optional<Value: SliceCodable>(_ operation: String, _ value: Value?) async throws -> Value? {
        try await proxy.invoke(operation) { stream in
            stream.writeOptional(tag: 2, value)
        } read: { stream in
            try stream.readOptional(tag: 1)
        }
    }

    public func optBool(_ v: Bool?) async throws -> Bool? { try await optional("optBool", v) }
    public func optByte(_ v: UInt8?) async throws -> UInt8? { try await optional("optByte", v) }
    public func optShort(_ v: Int16?) async throws -> Int16? { try await optional("optShort", v) }
    public func optInt(_ v: Int32?) async throws -> Int32? { try await optional("optInt", v) }
    public func optLong(_ v: Int64?) async throws -> Int64? { try await optional("optLong", v) }
    public func optFloat(_ v: Float?) async throws -> Float? { try await optional("optFloat", v) }
    public func optDouble(_ v: Double?) async throws -> Double? { try await optional("optDouble", v) }
    public func optString(_ v: String?) async throws -> String? { try await optional("optString", v) }
    public func optColour(_ v: Colour?) async throws -> Colour? { try await optional("optColour", v) }
    public func optBytes(_ v: [UInt8]?) async throws -> [UInt8]? { try await optional("optBytes", v) }
    public func optInts(_ v: [Int32]?) async throws -> [Int32]? { try await optional("optInts", v) }
    public func optStrings(_ v: [String]?) async throws -> [String]? { try await optional("optStrings", v) }
    public func optPoint(_ v: Point?) async throws -> Point? { try await optional("optPoint", v) }
    public func optLabel(_ v: Label?) async throws -> Label? { try await optional("optLabel", v) }
    public func optIntInts(_ v: [Int32: Int32]?) async throws -> [Int32: Int32]? { try await optional("optIntInts", v) }
    public func optDict(_ v: [String: String]?) async throws -> [String: String]? { try await optional("optDict", v) }
    public func optProxy(_ v: Proxy??) async throws -> Proxy?? { try await optional("optProxy", v) }
    public func optBase(_ v: Base??) async throws -> Base?? { try await optional("optBase", v) }

    public func optMixed(_ b: String?, _ required: Int32, _ a: Int32?) async throws
        -> (result: Int32, outB: String?, twice: Int32, outA: Int32?)
    {
        try await proxy.invoke("optMixed") { stream in
            stream.write(required)
            stream.writeOptional(tag: 3, a)
            stream.writeOptional(tag: 7, b)
        } read: { stream in
            let twice: Int32 = try stream.readInteger()
            let result: Int32 = try stream.readInteger()
            let outA: Int32? = try stream.readOptional(tag: 4)
            let outB: String? = try stream.readOptional(tag: 9)
            return (result, outB, twice, outA)
        }
    }

    // MARK: Exceptions

    /// - Throws: ``InteropTypes/Failure``.
    public func fail(_ kind: String) async throws { try await proxy.invoke("fail", write: { $0.write(kind) }) }
    /// - Throws: ``InteropTypes/Failure``.
    public func failSliced(_ kind: String) async throws {
        try await proxy.invoke("failSliced", format: .sliced, write: { $0.write(kind) })
    }
    /// - Throws: ``InteropTypes/Failure``.
    public func failCompact(_ kind: String) async throws {
        try await proxy.invoke("failCompact", format: .compact, write: { $0.write(kind) })
    }

    // MARK: Unknown slices

    public func sendUnknownCompact() async throws -> Base? { try await call("sendUnknownCompact") }
    public func sendUnknownSliced() async throws -> Base? { try await call("sendUnknownSliced", format: .sliced) }
    public func sendUnknownPreserved() async throws -> Preserved? {
        try await call("sendUnknownPreserved", format: .sliced)
    }
    public func roundTripPreserved(_ v: Preserved?) async throws -> Preserved? {
        try await call("roundTripPreserved", v, format: .sliced)
    }
    public func isIntactPreserved(_ v: Preserved?) async throws -> Bool {
        try await call("isIntactPreserved", v, format: .sliced)
    }

    // MARK: Requests

    public func count(_ n: Int32) async throws { try await proxy.invoke("count", write: { $0.write(n) }) }
    public func counted() async throws -> Int32 { try await call("counted") }
    public func sleep(_ milliseconds: Int32, options: CallOptions = .init()) async throws {
        try await proxy.invoke("sleep", options: options, write: { $0.write(milliseconds) })
    }
    public func contextValue(_ key: String, options: CallOptions = .init()) async throws -> String {
        try await proxy.invoke(
            "contextValue", options: options, write: { $0.write(key) }, read: { try $0.readString() })
    }
    public func context(options: CallOptions = .init()) async throws -> [String: String] {
        try await call("context", options: options)
    }
    public func facetName() async throws -> String { try await call("facetName") }
    public func identity() async throws -> Ident { try await call("identity") }
    public func operationMode() async throws -> String { try await call("operationMode") }
    public func operationModeIdempotent() async throws -> String {
        try await call("operationModeIdempotent", mode: .idempotent)
    }
    public func encodingVersion() async throws -> String { try await call("encodingVersion") }

    // MARK: Call-backs

    public func callMe(_ id: Ident, _ times: Int32) async throws -> Int32 {
        try await proxy.invoke("callMe") { stream in
            id.write(to: &stream)
            stream.write(times)
        } read: { stream in
            try stream.readInteger()
        }
    }

    public func callProxy(_ callback: CallbackProxy?, _ times: Int32) async throws -> Int32 {
        try await proxy.invoke("callProxy") { stream in
            stream.write(callback)
            stream.write(times)
        } read: { stream in
            try stream.readInteger()
        }
    }

    public func shutdown() async throws { try await proxy.invoke("shutdown") }
}
