internal import GRDB
internal import Synchronization

/// Counts the commits that change who there is, in which groups, with which rights.
///
/// What comes from these tables is asked for by nearly every call and changes seldom. Only the database itself can tell
/// when: statements that change them are in many places.
final class PeopleObserver: TransactionObserver, Sendable {
    private static let tables: Set = [
        "experimenter", "experimenter_config", "experimentergroup", "groupexperimentermap",
    ]

    private let commits = Atomic<Int>(0)
    /// Whether the transaction under way changes any of it.
    private let isTouched = Atomic<Bool>(false)

    var version: Int { commits.load(ordering: .acquiring) }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { Self.tables.contains(eventKind.tableName) }

    func databaseDidChange(with event: DatabaseEvent) {
        isTouched.store(true, ordering: .relaxed)
        stopObservingDatabaseChangesUntilNextTransaction()
    }

    func databaseDidCommit(_ db: Database) {
        guard isTouched.exchange(false, ordering: .relaxed) else { return }
        commits.add(1, ordering: .acquiringAndReleasing)
    }

    func databaseDidRollback(_ db: Database) { isTouched.store(false, ordering: .relaxed) }
}

extension DatabaseEventKind {
    fileprivate var tableName: String {
        switch self {
        case .insert(let table), .delete(let table), .update(let table, _): table
        }
    }
}
