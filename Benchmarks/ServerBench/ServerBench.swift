import OMEROServer

@main
struct ServerBench {
    static func main() async throws {
        try await OMEROServer.withServer { print($0.sessionCount) }
    }
}
