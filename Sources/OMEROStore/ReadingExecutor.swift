internal import Dispatch

/// The threads on which stores are read, for all stores of the process.
///
/// A read may wait for the disk, so that it has no place on an event loop nor on the few threads that all tasks share.
/// A task that prefers this executor reads without a hop to another thread and back.
final class ReadingExecutor: TaskExecutor {
    static let shared = ReadingExecutor()

    private let queue = DispatchQueue(label: "omero.store.reading", attributes: .concurrent)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
