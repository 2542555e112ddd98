import Foundation

// generate SCHEMA-FOLDER PACKAGE-FOLDER: writes the folder Generated of each module (such as
// PACKAGE-FOLDER/Sources/OMEROModel/Generated) and of the tests with omero-py.

do {
    guard CommandLine.arguments.count == 3 else { throw GeneratorError("usage: generate SCHEMA-FOLDER PACKAGE-FOLDER") }
    let generator = Generator(try Schema(folder: URL(filePath: CommandLine.arguments[1])))
    let out = URL(filePath: CommandLine.arguments[2])
    var parts = try Module.allCases.map { ("Sources/\($0.rawValue)", try generator.files($0)) }
    parts.append(("Tests/OMEROInteropTests", try generator.tests()))
    for (part, files) in parts {
        let folder = out.appending(path: "\(part)/Generated")
        try? FileManager.default.removeItem(at: folder)
        for (path, content) in files.sorted(by: { $0.key < $1.key }) {
            let file = folder.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(),
                withIntermediateDirectories: true
            )
            try Data(content.utf8).write(to: file)
        }
        print(
            "\(part): \(files.count) files, \(files.values.reduce(0) { $0 + $1.count(where: \.isNewline) }) lines"
        )
    }
} catch {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    exit(1)
}
