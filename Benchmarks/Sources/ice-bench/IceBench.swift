import Foundation
import Ice

/// Swift's side of `scripts/bench ice`, with the same measurements as Tests/Interop/Peers/cpp/bench.cpp.
///
///     ice-bench server [--endpoints E] [--certs DIR]    serves the Peer, prints "READY <proxy>", until stdin ends
///     ice-bench client --proxy P [--certs DIR]          latency, calls with 64 in flight, 1 MiB round trips
///     ice-bench sequential --proxy P [--calls N] [--from executor|task]
///                                                       nothing but such calls, for profilers
///     ice-bench codec                                   encodes and decodes graph(10000)
///     ice-bench idle-server [--endpoints E] [--connections N] [--certs DIR]
///                                                       its memory before and after N connections
@main
struct IceBench {
    static func main() async {
        var arguments = Array(CommandLine.arguments.dropFirst())
        guard !arguments.isEmpty else { return print("usage: ice-bench MODE [--option value]…") }
        let mode = arguments.removeFirst()
        var options: [String: String] = [:]
        while arguments.count >= 2 {
            options[String(arguments.removeFirst().drop { $0 == "-" })] = arguments.removeFirst()
        }
        let bench = Bench(options: options)
        do {
            switch mode {
            case "server": try await bench.serve()
            case "client": try await bench.client()
            case "sequential": try await bench.sequential()
            case "codec": try codec()
            case "idle-server": try await bench.idleServer()
            default: print("no such mode: \(mode)")
            }
        } catch {
            print("failed: \(error)")
            exit(1)
        }
    }
}

func report(_ name: String, _ value: Double) {
    print("{\"name\":\"\(name)\",\"value\":\(value)}")
    fflush(nil)
}

/// Once to warm up, then five times; the median.
func median(_ run: () async throws -> Double) async rethrows -> Double {
    _ = try await run()
    var runs: [Double] = []
    for _ in 0..<5 { runs.append(try await run()) }
    return runs.sorted()[2]
}

func seconds(since start: ContinuousClock.Instant) -> Double { (ContinuousClock.now - start) / .seconds(1) }
