import Foundation
import Ice
import InteropTypes
import Testing

/// What the fuzzers have found worth keeping, and a seeded generator beside it. They must only not crash, and leave no
/// call behind.
@Suite("Hostile input")
struct HostileConnectionTests {
    static func corpus(_ name: String) throws -> [[UInt8]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus/\(name)")
        let text = try String(contentsOf: folder.appendingPathComponent("corpus.base64"), encoding: .utf8)
        return text.split(separator: "\n").compactMap { Data(base64Encoded: String($0)).map(Array.init) }
    }

    @Test("the fuzzer's corpus of event programs leaves no call behind")
    func connectionCorpus() throws {
        let inputs = try Self.corpus("connection")
        #expect(inputs.count > 50)
        for input in inputs {
            let broken = HostileConnection.run(input)
            #expect(broken == nil, "\(Data(input).base64EncodedString())")
            HostileConnection.message(input)
        }
    }

    @Test("the fuzzer's corpus of encodings ends as values or errors")
    func decoderCorpus() throws {
        let inputs = try Self.corpus("decoder")
        #expect(inputs.count > 50)
        for input in inputs { HostileInput.decode(input) }
    }

    @Test("random programs of events leave no call behind", arguments: 0..<8 as Range<UInt64>)
    func randomPrograms(seed: UInt64) {
        var generator = Seeded(state: seed &* 0x9E37_79B9 &+ 1)
        for _ in 0..<2000 {
            let input = (0..<Int.random(in: 1...120, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let broken = HostileConnection.run(input)
            #expect(broken == nil, "\(Data(input).base64EncodedString())")
        }
    }
}

/// SplitMix64: the same numbers on every machine.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
