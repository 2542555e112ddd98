import BlitzCommands

@main
struct ServerBench {
    static func main() async throws {
        await runBlitz()
    }
}
