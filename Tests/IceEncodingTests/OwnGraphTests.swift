import Testing

@testable import IceEncoding

@Suite("Instances that a stream makes of values")
struct OwnGraphTests {
    @Test("so many long strings in one message that a graph could not number them go into several")
    func severalGraphs() {
        var encoder = GraphEncoder(isEncoding10: false, isSliced: false)
        let first = encoder.ownBuilder()
        let again = encoder.ownBuilder()
        #expect(again === first)
        let text = [UInt8](repeating: 0x78, count: 1 << 24)
        for _ in 0..<4 { _ = text.withUnsafeBytes { first.append(bytes: $0) } }
        let next = encoder.ownBuilder()
        #expect(next !== first)
    }
}
