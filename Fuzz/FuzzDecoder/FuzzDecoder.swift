import InteropTypes

/// libFuzzer's entry: bytes as values of every kind.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDecoder(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    HostileInput.decode(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}
