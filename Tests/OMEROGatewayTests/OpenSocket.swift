import Foundation

/// A socket of this process, for IPv4, that is open as far as the system knows.
struct OpenSocket {
    let port: Int
    /// Nil when it listens, or its connection has ended.
    let peerPort: Int?

    static var all: [OpenSocket] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/dev/fd")) ?? []
        return names.compactMap { Int32($0).flatMap(OpenSocket.init) }
    }

    private init?(_ handle: Int32) {
        guard let port = Self.port({ getsockname(handle, $0, $1) }) else { return nil }
        self.port = port
        peerPort = Self.port { getpeername(handle, $0, $1) }
    }

    private static func port(
        _ ask: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> Int? {
        var address = sockaddr_in()
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask($0, &size) }
        }
        guard result == 0, address.sin_family == sa_family_t(AF_INET) else { return nil }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
