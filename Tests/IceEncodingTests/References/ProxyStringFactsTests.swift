import Foundation
import IceEncoding
import Testing

/// One string and what zeroc-ice 3.6.5 makes of it; see Data/proxy-strings.py.
struct ProxyStringFact: Decodable, Sendable, CustomTestStringConvertible {
    var kind: String
    var string: String
    var properties: [String: String]?
    var result: String?
    var error: String?
    var lossy: Bool?

    var testDescription: String { "\(kind) \(string.debugDescription)" }

    static let all: [ProxyStringFact] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Data/proxy-strings-3.6.5.json")
        do {
            return try JSONDecoder().decode([ProxyStringFact].self, from: Data(contentsOf: file))
        } catch {
            Issue.record(error)
            return []
        }
    }()

    var defaults: ReferenceDefaults {
        var defaults = ReferenceDefaults()
        for (key, value) in properties ?? [:] {
            switch key {
            case "Ice.Default.Protocol": defaults.endpointProtocol = EndpointProtocol(rawValue: value) ?? .tcp
            case "Ice.Default.Host": defaults.host = value
            case "Ice.Default.Timeout": defaults.timeout = Int32(value) ?? 0
            case "Ice.Default.EncodingVersion": defaults.encoding = value == "1.0" ? .v1_0 : .v1_1
            case "Ice.Default.SourceAddress": defaults.sourceAddress = value
            default: Issue.record("unknown property \(key)")
            }
        }
        return defaults
    }

    /// What this library makes of the string.
    func ours(_ text: String) throws(ReferenceParseError) -> String? {
        if kind == "identity" { return try Identity(parsing: text).description }
        return try ProxyReference.parse(text, defaults: defaults)?.description
    }
}

@Suite("Strings as zeroc-ice 3.6.5 reads and writes them")
struct ProxyStringFactsTests {
    @Test("there are as many facts as were asked for")
    func count() {
        #expect(ProxyStringFact.all.count > 400)
    }

    /// Octal escapes that are no UTF-8: Ice keeps the bytes, a Swift string can't.
    static func isNotText(_ fact: ProxyStringFact) -> Bool {
        fact.error == "UnicodeDecodeError" || fact.result.map { $0.contains(#"\377"#) } ?? false
    }

    @Test("each string has the outcome that Ice gives it", arguments: ProxyStringFact.all.filter { !isNotText($0) })
    func outcome(_ fact: ProxyStringFact) throws {
        guard let expected = fact.error else {
            let ours = try fact.ours(fact.string)
            if fact.lossy == true {
                // Ice's own string is no longer the same proxy: ours is another one, and is.
                let ours = try #require(ours)
                #expect(try fact.ours(ours) == ours)
            } else {
                #expect(ours == fact.result)
            }
            return
        }
        do throws(ReferenceParseError) {
            let ours = try fact.ours(fact.string)
            Issue.record("\(ours ?? "nil") instead of \(expected)")
        } catch {
            let isMarshalling = [
                "EncapsulationException", "UnmarshalOutOfBoundsException", "UnsupportedEncodingException",
            ].contains(expected)
            #expect(error.kind.rawValue == (isMarshalling ? "MarshalException" : expected), "\(error)")
            #expect((0...fact.string.utf8.count).contains(error.position))
        }
    }

    @Test("escapes that are no UTF-8 are refused", arguments: ProxyStringFact.all.filter(isNotText))
    func notText(_ fact: ProxyStringFact) {
        #expect(throws: ReferenceParseError(.identity, .invalidUTF8, at: 0)) { try fact.ours(fact.string) }
    }

    @Test(
        "what Ice prints, this library reads and prints unchanged",
        arguments: ProxyStringFact.all.filter {
            $0.result != nil && $0.lossy != true && !isNotText($0)
        })
    func stable(_ fact: ProxyStringFact) throws {
        #expect(try fact.ours(fact.result ?? "") == (fact.result == "" ? "" : fact.result))
    }
}
