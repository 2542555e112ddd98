internal import Dispatch
internal import NIOCore
internal import Synchronization

/// The threads on which stores are read, for all stores of the process.
///
/// A read may wait for the disk, or count for as long as its limit of time allows, so that it has no place on an event
/// loop nor on the few threads that all tasks share. As many as a store has readers go on at once: a concurrent queue of
/// Dispatch has as many threads as there are cores, so that this many slow queries would keep all others waiting, while
/// serial queues have a thread each when they need one.
/// A task that prefers this executor reads without a hop to another thread and back.
final class ReadingExecutor: TaskExecutor {
    /// Reads at once, and the readers of each store.
    static let width = 16
    static let shared = ReadingExecutor()

    private struct State {
        /// The last one used is the next one, as its thread is awake.
        var idle: [DispatchQueue]
        var waiting = CircularBuffer<UnownedJob>()
    }

    private let state: Mutex<State>

    private init() {
        let queues = (0..<Self.width).map { DispatchQueue(label: "omero.store.reading.\($0)") }
        state = Mutex(State(idle: queues))
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let queue = state.withLock { state in
            let queue = state.idle.popLast()
            if queue == nil { state.waiting.append(job) }
            return queue
        }
        guard let queue else { return }
        queue.async {
            var next: UnownedJob? = job
            while let job = next {
                job.runSynchronously(on: self.asUnownedTaskExecutor())
                next = self.state.withLock { state in
                    let waiting = state.waiting.popFirst()
                    if waiting == nil { state.idle.append(queue) }
                    return waiting
                }
            }
        }
    }
}
