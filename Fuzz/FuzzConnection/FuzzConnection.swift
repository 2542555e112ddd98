import Ice

/// libFuzzer's entry: bytes as a program of events for a connection, and as messages.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzConnection(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let broken = HostileConnection.run(input) { fatalError(broken) }
    HostileConnection.message(input)
    return 0
}
