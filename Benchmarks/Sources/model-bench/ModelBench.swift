import Foundation
import IceEncoding
import NIOCore
import OMEROModel

/// Swift's side of `scripts/bench model`; scripts/lib/bench_model.py is the other.
///
///     model-bench codec --bytes FILE              microseconds per result to read, walk and write it; memory
///     model-bench repeat --bytes FILE --work decode|walk|encode --count N     for callgrind
@main
struct ModelBench {
    static func main() throws {
        var arguments = Array(CommandLine.arguments.dropFirst())
        let mode = arguments.isEmpty ? "" : arguments.removeFirst()
        var options: [String: String] = [:]
        while arguments.count >= 2 {
            options[String(arguments.removeFirst().drop { $0 == "-" })] = arguments.removeFirst()
        }
        let result = Result(ByteBuffer(bytes: try Data(contentsOf: URL(fileURLWithPath: options["bytes"] ?? ""))))
        switch mode {
        case "codec": try measure(result)
        case "repeat": try work(result, options["work"] ?? "", count: Int(options["count"] ?? "") ?? 1)
        default: print("usage: model-bench codec|repeat --bytes FILE [--work WORK --count N]")
        }
    }

    /// Does one thing `count` times. Two runs with different counts tell what one time costs.
    static func work(_ result: Result, _ name: String, count: Int) throws {
        let projects = try result.decode()
        for _ in 0..<count {
            switch name {
            case "decode": _ = try result.decode()
            case "walk": _ = try result.walk(projects)
            case "encode": _ = try result.encode(projects)
            default: throw CancellationError()
            }
        }
    }

    static func measure(_ result: Result) throws {
        let projects = try result.decode()
        guard let first = projects.first else { throw CancellationError() }
        let before = residentBytes()
        let more = try (0..<8).map { _ in try result.decode() }
        let memory = Double(residentBytes() - before) / Double(more.count)
        report("memory", memory)
        withExtendedLifetime(more) {}
        let handles = projects.capacity * MemoryLayout<Project>.stride
        report("footprint", Double(first.object.graph.memoryFootprint + handles))
        report("sum", Double(try result.walk(projects)))
        report("decode", try microseconds { _ = try result.decode() })
        report("walk", try microseconds { _ = try result.walk(projects) })
        report("encode", try microseconds { _ = try result.encode(projects) })
    }

    static func report(_ name: String, _ value: Double) { print("{\"name\":\"\(name)\",\"value\":\(value)}") }

    /// Once to warm up, then the median of 21 times.
    static func microseconds(_ body: () throws -> Void) rethrows -> Double {
        try body()
        var times: [Double] = []
        for _ in 0..<21 {
            let start = ContinuousClock.now
            try body()
            times.append((ContinuousClock.now - start) / .microseconds(1))
        }
        return times.sorted()[10]
    }

    static func residentBytes() -> Int {
        guard let text = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
            let kibibytes = Int(line.split(separator: " ").dropFirst().first ?? "")
        else { return 0 }
        return kibibytes * 1024
    }
}

/// A list of projects as the server sends it: the content of an encapsulation.
struct Result {
    let bytes: ByteBuffer
    init(_ bytes: ByteBuffer) { self.bytes = bytes }

    /// As the proxy's `findAllByQuery` reads its result.
    func decode() throws -> [Project] {
        var stream = IceInputStream(bytes, types: omeroModelTypes)
        let objects = try [IObject?](from: &stream)
        try stream.finish()
        return objects.compactMap { $0?.cast(to: Project.self) }
    }

    /// What a list of projects shows; the sum is the same that scripts/lib/bench_model.py comes to.
    func walk(_ projects: [Project]) throws -> Int {
        var total = 0
        for project in projects {
            guard let id = project.id, let details = project.details, let owner = details.owner,
                let group = details.group, let event = details.creationEvent, let permissions = details.permissions
            else { throw CancellationError() }
            total += Int(id)
            total += try project.name.utf8.count
            total += try owner.omeName.utf8.count
            total += try group.name.utf8.count
            total += Int(try event.time.omeroMilliseconds % 1_000_003)
            total += permissions.canEdit ? 1 : 0
        }
        return total
    }

    /// As the proxy's `saveCollection` writes its parameter.
    func encode(_ projects: [Project]) throws -> ByteBuffer {
        var stream = IceOutputStream()
        (projects.map { IObject($0) } as [IObject?]).write(to: &stream)
        stream.finishParameters()
        return try stream.finish()
    }
}
