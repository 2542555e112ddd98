import Foundation

// generate SCHEMA-FOLDER OUT-FOLDER: writes the folder Generated of each module, such as OUT-FOLDER/OMEROModel/Generated.

do {
    guard CommandLine.arguments.count == 3 else { throw GeneratorError("usage: generate SCHEMA-FOLDER OUT-FOLDER") }
    let generator = Generator(try Schema(folder: URL(filePath: CommandLine.arguments[1])))
    let out = URL(filePath: CommandLine.arguments[2])
    for module in Module.allCases {
        let files = try generator.files(module)
        let folder = out.appending(path: "\(module.rawValue)/Generated")
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
            "\(module.rawValue): \(files.count) files, \(files.values.reduce(0) { $0 + $1.count(where: \.isNewline) }) lines"
        )
    }
} catch {
    FileHandle.standardError.write(Data("error: \(error)\n".utf8))
    exit(1)
}
