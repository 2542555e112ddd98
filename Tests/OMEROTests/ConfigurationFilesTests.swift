import Foundation
import OMEROYAML
import Testing

@testable import OMERO

/// The files that settings come from, well-formed and not.
@Suite struct ConfigurationFilesTests {
    private let folder: TemporaryFolder
    init() throws { folder = try TemporaryFolder() }

    // MARK: Ice's properties

    private static let properties: [(String, [String: String])] = [
        ("a=b", ["a": "b"]),
        ("  a b = c d  # x", ["a b": "c d"]),
        (##"a\=b=c\#d\\e\ "##, ["a=b": "c#d\\e "]),
        (##"a=\ x\  "##, ["a": " x "]),
        ("a=b=c", ["a": "b=c"]),
        (##"a\x=b\x"##, [##"a\x"##: ##"b\x"##]),
        ("\u{feff}a=b", ["a": "b"]),
        ("a=1\na=2", ["a": "2"]),
        ("a=1\na=", [:]),
        ("a=b\r\nc=d\r", ["a": "b", "c": "d"]),
        (##"a=\"##, ["a": ##"\"##]),
        ("# a=b", [:]),
        ("", [:]),
        ("=\u{301}", [:]),
        ("a=\u{301}b", ["a": "\u{301}b"]),
    ]

    @Test(arguments: properties)
    func `properties are read`(_ text: String, _ values: [String: String]) {
        #expect(IceProperties(text).properties.mapValues(\.value) == values)
    }

    @Test func `lines that are no properties are counted`() {
        let properties = IceProperties("a\n=b\n\n # c\nd=e\n#\nf#g=h\n")
        #expect(properties.malformedLines == [1, 2, 7])
        #expect(properties.properties == ["d": .init(value: "e", line: 5)])
    }

    @Test func `of several files the later one counts, and of two names the one of OMERO`() throws {
        let first = try folder.write("first", "omero.host=a\nomero.port=1\nIce.Default.Host=x\n")
        let second = try folder.write("second", "omero.host=b\nIce.Default.Host=y\n")
        let both = try ConnectionSettings(environment: ["ICE_CONFIG": "\(first), \(second),"])
        #expect(both.address?.value.description == "ssl://b:1")
        #expect(both.address?.origin == .iceConfig(path: second, line: 1))
        let third = try folder.write("third", "Ice.Default.Host=z\n")
        #expect(try ConnectionSettings(environment: [:], iceConfig: third).address?.value.host == "z")
    }

    // MARK: YAML

    @Test(arguments: [
        "omero:\n  host: h\n  port: 1\n", "omero: {host: h, port: '1'}", "omero.host: h\nomero.port: 1\n",
        "omero: &a\n  host: &b h\n  port: 1\nother: [*b, *b]\n",
    ])
    func `the settings stand under omero`(_ text: String) throws {
        let path = try folder.write("settings.yaml", text)
        #expect(try ConnectionSettings(environment: [:], yaml: path).address?.value.description == "ssl://h:1")
    }

    @Test(arguments: [
        "omero:\n  host: [a, b]\n", "- a\n", "hidden", "omero:\n  password: 'hidden\n",
        "omero:\n  password: {a: hidden\n",
        "omero:\n\t- password: hidden", "\u{1}", "? [hidden]\n: x\n",
        String(repeating: "[", count: 60_000), String(repeating: "- ", count: 30_000),
        String(repeating: "{a: ", count: 10_000),
        String(repeating: "? ", count: 30_000), String(repeating: "x", count: 100_000),
    ])
    func `what is no YAML with settings is an error without content`(_ text: String) throws {
        let path = try folder.write("settings.yaml", text)
        let error = #expect(throws: GatewayError.self) { try ConnectionSettings(environment: [:], yaml: path) }
        #expect(error?.kind == .badConfiguration)
        #expect(error?.message.contains(path) == true)
        #expect("\(String(reflecting: error))".contains("hidden") == false)
    }

    @Test(.timeLimit(.minutes(1))) func `aliases that grow without end are refused`() throws {
        var text = "a0: &a0 {x: 1}\n"
        for level in 1..<60 { text += "a\(level): &a\(level) {x: *a\(level - 1), y: *a\(level - 1)}\n" }
        let path = try folder.write("settings.yaml", text)
        #expect(throws: GatewayError.self) { try ConnectionSettings(environment: [:], yaml: path) }
    }

    @Test func `the line of a mistake is told`() throws {
        let path = try folder.write("settings.yaml", "omero:\n  host: h\n  port: [1\n")
        let error = #expect(throws: GatewayError.self) { try ConnectionSettings(environment: [:], yaml: path) }
        #expect(error?.message == "line 4 of \(path) is no YAML with settings")
    }

    // MARK: Rubbish

    @Test func `rubbish in any file never traps`() throws {
        let pieces: [[UInt8]] =
            [
                "omero", ".", "host", "port", "pass", ":", " ", "\n", "=", "#", "\\", "-", "[", "]", "{", "}", "*a",
                "&a", "'", "\"",
                "|", ">", "%", "!", "?", ",", "\t", "\r", "\u{301}", "\0", "1", "---", "...",
            ].map { Array($0.utf8) } + [[0xff], [0xc3], [0xed, 0xa0, 0x80]]
        for _ in 0..<1000 {
            let bytes = (0..<Int.random(in: 0..<40)).flatMap { _ in pieces.randomElement() ?? [] }
            let path = try folder.write("rubbish", Data(bytes))
            for (yaml, iceConfig) in [(path, nil), (nil, path)] {
                do throws(GatewayError) {
                    _ = try ConnectionSettings(environment: [:], yaml: yaml, iceConfig: iceConfig).description
                } catch {
                    #expect(error.kind == .badConfiguration, "\(bytes)")
                }
            }
        }
    }
}
