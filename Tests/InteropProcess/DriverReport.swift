import Foundation

/// What a driver of Tests/Interop wrote: a line of JSON for every check, and one more at the end.
public struct DriverReport: Sendable {
    private struct Line: Decodable {
        var check: String?
        var ok: Bool?
        var found: String?
        var at: [String]?
        var failed: Int?
    }

    /// One for each check that failed, as a person reads it.
    public private(set) var failures: [String] = []
    public private(set) var passed = 0
    /// Whether the driver says that it made all of its checks.
    public private(set) var isComplete = false

    public init(_ text: String) {
        let decoder = JSONDecoder()
        for line in text.split(separator: "\n") {
            guard let line = try? decoder.decode(Line.self, from: Data(line.utf8)) else { continue }
            switch line.ok {
            case true?: passed += 1
            case false?:
                failures.append(
                    "\(line.check ?? ""): \(line.found ?? "") at \((line.at ?? []).joined(separator: " < "))")
            case nil: if line.failed != nil { isComplete = true }
            }
        }
    }
}
