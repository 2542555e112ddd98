import Foundation
import Testing

/// The sources of the generated modules, as text.
enum GeneratedCode {
    struct File { let name: String, text: String }

    /// The Swift files in a folder of Sources, those of its folders too.
    static func files(_ folder: String) throws -> [File] {
        let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources")
        let root = sources.appendingPathComponent(folder)
        let names = try FileManager.default.subpathsOfDirectory(atPath: root.path).filter { $0.hasSuffix(".swift") }
        return try names.sorted().map { name in
            File(
                name: "\(folder)/\(name)",
                text: try String(contentsOf: root.appendingPathComponent(name), encoding: .utf8)
            )
        }
    }
}

@Suite("Names of generated code")
struct GeneratedNamesTests {
    @Test("no two types that one file can import have the same name")
    func types() throws {
        var places: [String: [String]] = [:]
        for module in ["OMEROModel", "OMEROAPI", "Ice", "IceEncoding", "Glacier2"] {
            for file in try GeneratedCode.files(module) {
                for match in file.text.matches(
                    of: #/(?m)^(?:public|package) (?:final )?(?:struct|enum|class|protocol|actor|typealias) (\w+)/#)
                {
                    places[String(match.1), default: []].append(file.name)
                }
            }
        }
        #expect(places.count > 500)
        for (name, files) in places where files.count > 1 { Issue.record("\(name) is declared in \(files)") }
    }

    @Test("no type of the generated modules is named as one that every program knows")
    func wellKnown() throws {
        let taken: Set = [
            "Any", "Array", "Bool", "Character", "Dictionary", "Double", "Error", "Float", "Int", "Optional", "Range",
            "Result", "Set", "String", "Task", "Sequence", "Collection", "Date", "Data", "URL", "Duration",
            "Bundle", "Calendar", "Decimal", "Dimension", "Locale", "Measurement", "Notification", "Operation", "Port",
            "Predicate", "Process", "Progress", "Scanner", "Stream", "Thread", "TimeZone", "Timer", "UUID", "Unit",
        ]
        for file in try GeneratedCode.files("OMEROModel") + GeneratedCode.files("OMEROAPI") {
            for match in file.text.matches(of: #/(?m)^public (?:struct|enum|protocol) (\w+)/#) {
                #expect(!taken.contains(String(match.1)), "\(file.name)")
            }
        }
    }

    @Test("names that are keywords of Swift are quoted")
    func keywords() throws {
        let keywords: Set = [
            "associatedtype", "class", "deinit", "enum", "extension", "fileprivate", "func", "import", "init", "inout",
            "internal", "let", "operator", "private", "protocol", "public", "rethrows", "static", "struct", "subscript",
            "typealias", "var", "break", "case", "catch", "continue", "default", "defer", "do", "else", "fallthrough",
            "for", "guard", "if", "in", "repeat", "return", "switch", "throw", "where", "while", "as", "false", "is",
            "nil", "self", "Self", "super", "throws", "true", "try", "Any",
        ]
        var declarations = 0
        for file in try GeneratedCode.files("OMEROModel/Generated") + GeneratedCode.files("OMEROAPI/Generated") {
            for match in file.text.matches(of: #/\b(?:var|func|case) (`?)(\w+)/#) {
                declarations += 1
                #expect(!match.1.isEmpty || !keywords.contains(String(match.2)), "\(file.name): \(match.0)")
            }
        }
        #expect(declarations > 2000)
    }

    @Test("no type declares two members of one name, save by its parameters")
    func members() throws {
        for file in try GeneratedCode.files("OMEROModel/Generated/model") {
            // The getters are in the type or its protocol's extension, the setters in the draft's.
            for part in file.text.components(separatedBy: "\nextension ") {
                let names = part.matches(of: #/(?m)^    public var (`?\w+`?)/#).map { String($0.1) }
                #expect(Set(names).count == names.count, "\(file.name)")
            }
        }
    }
}
