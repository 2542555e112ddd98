import Ice
import Synchronization

/// A client's connection with its session.
struct RoutedConnection: Sendable {
    let connection: Connection
    let session: any RoutedSession
    let routes: RoutingTable
    /// Stands in the identities of the client's call-back objects, and cannot be guessed by other clients.
    let category = randomCategory()
}

/// Which connections have which session.
final class SessionTable: Sendable {
    private struct State {
        var reserved: Set<ObjectIdentifier> = []
        var entries: [ObjectIdentifier: RoutedConnection] = [:]
        var connections: [String: ObjectIdentifier] = [:]
    }
    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    /// Takes the place of a connection's session; false if it is taken.
    func reserve(_ connection: Connection) -> Bool {
        state.withLock { state in
            let id = ObjectIdentifier(connection)
            return state.entries[id] == nil && state.reserved.insert(id).inserted
        }
    }

    func release(_ connection: Connection) {
        state.withLock { _ = $0.reserved.remove(ObjectIdentifier(connection)) }
    }

    func fill(_ entry: RoutedConnection) {
        state.withLock { state in
            let id = ObjectIdentifier(entry.connection)
            state.reserved.remove(id)
            state.entries[id] = entry
            state.connections[entry.category] = id
        }
    }

    func find(_ connection: Connection) -> RoutedConnection? {
        state.withLock { $0.entries[ObjectIdentifier(connection)] }
    }

    func find(category: String) -> RoutedConnection? {
        state.withLock { state in state.connections[category].flatMap { state.entries[$0] } }
    }

    func remove(_ connection: Connection) -> RoutedConnection? {
        state.withLock { state in
            guard let entry = state.entries.removeValue(forKey: ObjectIdentifier(connection)) else { return nil }
            state.connections[entry.category] = nil
            return entry
        }
    }
}

/// Where a session's requests go, by identity. Holds so many; then the one that was used longest ago is forgotten.
final class RoutingTable: Sendable {
    private struct State {
        var routes: [Identity: (proxy: Proxy, used: UInt64)] = [:]
        var clock: UInt64 = 0
    }
    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = max(1, limit) }

    /// Adds routes; the ones that had to go for them.
    func add(_ proxies: [Proxy]) -> [Proxy] {
        state.withLock { state in
            for proxy in proxies {
                state.clock += 1
                state.routes[proxy.identity] = (proxy, state.clock)
            }
            let surplus = state.routes.count - limit
            guard surplus > 0 else { return [] }
            let oldest = state.routes.values.sorted { $0.used < $1.used }.prefix(surplus).map(\.proxy)
            for proxy in oldest { state.routes[proxy.identity] = nil }
            return oldest
        }
    }

    func find(_ identity: Identity) -> Proxy? {
        state.withLock { state in
            guard let route = state.routes[identity] else { return nil }
            state.clock += 1
            state.routes[identity] = (route.proxy, state.clock)
            return route.proxy
        }
    }
}

/// 20 random printable characters, as Glacier2 makes them.
func randomCategory() -> String {
    // 20 characters of 6 bits: ten from each number.
    let characters = [UInt64.random(in: .min ... .max), .random(in: .min ... .max)].flatMap { number in
        (0..<10).map { categoryAlphabet[Int(number >> UInt64($0 * 6) & 63)] }
    }
    return String(decoding: characters, as: UTF8.self)
}

private let categoryAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
