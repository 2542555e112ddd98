internal import NIOPosix

/// The threads on which stores are read, for all stores of the process.
///
/// A read may wait for the disk, or count for as long as its limit of time allows, so that it has no place on an event
/// loop nor on the few threads that all tasks share. As many threads as a store has readers take turns on the cores: with
/// as many as there are cores, that many slow queries would keep all others waiting.
/// A task that prefers this executor reads without a hop to another thread and back.
final class ReadingExecutor: TaskExecutor {
    /// Reads at once, and the readers of each store.
    static let width = 16
    static let shared = ReadingExecutor()

    private let threads = NIOThreadPool(numberOfThreads: width)

    private init() { threads.start() }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        threads.submit { _ in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
