import NIOCore
import Synchronization

/// Runs tasks on an event loop, so that what they call on its connections needs no hop between threads.
final class EventLoopTaskExecutor: TaskExecutor {
    private let eventLoop: any EventLoop
    /// What the connections of this loop share.
    let actions: NIOLoopBoundBox<ActionStorage>

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.actions = .makeBoxSendingValue(ActionStorage(), eventLoop: eventLoop)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        eventLoop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

/// One executor per event loop: two for the same loop would count as different ones and hop between each other.
final class EventLoopExecutors: Sendable {
    /// Those of the process's shared loops, which never end.
    static let ofSharedLoops = EventLoopExecutors()

    private let executors = Mutex<[ObjectIdentifier: EventLoopTaskExecutor]>([:])

    func executor(for eventLoop: any EventLoop) -> EventLoopTaskExecutor {
        executors.withLock { executors in
            if let executor = executors[ObjectIdentifier(eventLoop)] { return executor }
            let executor = EventLoopTaskExecutor(eventLoop)
            executors[ObjectIdentifier(eventLoop)] = executor
            return executor
        }
    }
}

/// Storage for the actions of whichever connection of a loop is at work: thousands of idle ones hold none of their own.
final class ActionStorage {
    typealias Actions = [ConnectionStateMachine<PendingCall>.Action]

    private var free: [Actions] = []

    /// An empty array, with room if there is some.
    func take() -> Actions { free.popLast() ?? [] }

    /// Takes back what ``take()`` gave.
    func giveBack(_ used: inout Actions) {
        used.removeAll(keepingCapacity: used.capacity <= 256)
        if used.capacity > 0, free.count < 8 { free.append(used) }
        used = []
    }
}
