import Foundation
import IceEncoding
import InteropProcess
import OMEROModel
import Testing

/// What omero-py says of units and permissions, which it works out by itself.
@Suite(
    "Values are as omero-py has them", .enabled(if: OmeroPy.isReady, "omero-py is not there: eval \"$(scripts/peers)\"")
)
struct OmeroPyTests {
    let answers: OmeroPy.Answers

    init() async throws { answers = try await OmeroPy.answers.value }

    private func compare<Value: Quantity>(_ type: Value.Type, _ kind: String) throws {
        let theirs = try #require(answers.units[kind])
        let units = Array(Value.Unit.allCases)
        #expect(units.map(\.symbol) == theirs.symbols)
        try #require(theirs.conversions.count == units.count)
        for (source, row) in zip(units, theirs.conversions) {
            for (target, expected) in zip(units, row) {
                let found = Value(12.5, source).value(in: target)
                guard let found, let expected else {
                    #expect(found == expected, "\(kind): \(source) in \(target)")
                    continue
                }
                // Both calculate in their own order.
                #expect(abs(found - expected) <= 1e-12 * max(abs(expected), 1e-300), "\(kind): \(source) in \(target)")
            }
        }
    }

    @Test("symbols and conversions between all units")
    func units() throws {
        try compare(ElectricPotential.self, "ElectricPotential")
        try compare(Frequency.self, "Frequency")
        try compare(Length.self, "Length")
        try compare(Power.self, "Power")
        try compare(Pressure.self, "Pressure")
        try compare(Temperature.self, "Temperature")
        try compare(Time.self, "Time")
    }

    @Test("permissions from all strings, and strings from all bits")
    func permissions() throws {
        #expect(answers.permissions.texts.count == 216)
        for (text, bits) in answers.permissions.texts {
            #expect(Permissions(text)?.rawValue == bits, "\(text)")
            #expect(Permissions(text)?.description == text)
        }
        for (bits, text) in answers.permissions.bits.enumerated() {
            #expect(Permissions(rawValue: Int64(bits)).description == text, "\(bits)")
        }
    }
}

enum OmeroPy {
    struct Answers: Decodable, Sendable {
        struct Units: Decodable, Sendable {
            let symbols: [String]
            let conversions: [[Double?]]
        }
        struct Rights: Decodable, Sendable {
            let texts: [String: Int64]
            let bits: [String]
        }
        let units: [String: Units]
        let permissions: Rights
    }

    private static let python = ProcessInfo.processInfo.environment["SWIFT_OMERO_PYTHON"] ?? ""
    static let isReady = !python.isEmpty

    /// Asked once for all tests.
    static let answers = Task {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Data/omero_values.py").path
        let text = try await ForeignProcess.output(of: python, [script])
        return try JSONDecoder().decode(Answers.self, from: Data(text.utf8))
    }
}
