import Synchronization

/// The tasks that carry out what peers ask for, from the beginning of ``run()`` to its end: none outlives it.
///
/// They are tasks of their own and not children of a group, as a group takes children only from the task that has it:
/// every request would wait for that task to have its turn first. What a group promises is kept all the same: `run`
/// ends when all of them have, and cancels those that are left at the end.
final class ServantTasks: Sendable {
    typealias Job = @Sendable () async -> Void

    private struct State {
        /// What is to be done once it runs; nil from then on.
        var early: [(executor: (any TaskExecutor)?, job: Job)]? = []
        var isFinished = false
        var tasks: [Int: Task<Void, Never>] = [:]
        var last = 0
        /// Whoever waits for the end, or for the last task after it.
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())

    /// Starts a job, on the executor if one is named; before ``run()`` it waits for that. False after ``finish()``.
    func start(on executor: (any TaskExecutor)?, _ job: @escaping Job) -> Bool {
        state.withLock { state in
            guard !state.isFinished else { return false }
            if state.early == nil { launch(executor, job, &state) } else { state.early?.append((executor, job)) }
            return true
        }
    }

    /// What ``run()`` does first: from now on jobs are carried out. Whoever calls it sees to it that ``run()`` follows.
    func begin() {
        state.withLock { state in
            let early = state.early ?? []
            state.early = nil
            for (executor, job) in early { launch(executor, job, &state) }
        }
    }

    /// No further job is taken.
    func finish() {
        let waiting = state.withLock { state in
            state.isFinished = true
            return take(&state)
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Carries out jobs until ``finish()`` or until the task is cancelled, then cancels those under way and waits for
    /// them.
    func run() async {
        begin()
        await withTaskCancellationHandler {
            await wait { $0.isFinished }
        } onCancel: {
            finish()
        }
        for task in state.withLock({ Array($0.tasks.values) }) { task.cancel() }
        await wait { $0.tasks.isEmpty }
    }

    /// With the lock held, so that the task is in the table before it can end.
    private func launch(_ executor: (any TaskExecutor)?, _ job: @escaping Job, _ state: inout State) {
        state.last &+= 1
        let number = state.last
        state.tasks[number] = Task.detached(executorPreference: executor) {
            await job()
            self.ended(number)
        }
    }

    private func ended(_ number: Int) {
        let waiting = state.withLock { state in
            state.tasks[number] = nil
            return state.isFinished && state.tasks.isEmpty ? take(&state) : []
        }
        for continuation in waiting { continuation.resume() }
    }

    private func take(_ state: inout State) -> [CheckedContinuation<Void, Never>] {
        defer { state.waiting = [] }
        return state.waiting
    }

    private func wait(until isOver: @Sendable (borrowing State) -> Bool) async {
        await withCheckedContinuation { continuation in
            let isOverNow = state.withLock { state in
                if isOver(state) { return true }
                state.waiting.append(continuation)
                return false
            }
            if isOverNow { continuation.resume() }
        }
    }
}
