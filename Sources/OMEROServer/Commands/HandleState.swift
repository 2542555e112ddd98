import OMEROAPI

/// Where a submitted command stands: a pure state machine, times come from outside.
///
/// created → running → finished or cancelled; a cancellation may come before or while it runs. What is given out when
/// it has ended never changes again.
struct HandleState: Sendable {
    enum Phase: Sendable, Hashable { case created, running, cancelling, finished, cancelled }

    private(set) var phase = Phase.created
    private(set) var response: Response?
    private(set) var currentStep = 0
    private(set) var stepStarts: [Int64] = []
    private(set) var stepStops: [Int64] = []
    private(set) var flags: [State] = []
    let steps: Int
    let started: Int64
    private(set) var stopped: Int64 = 0

    init(steps: Int, now: Int64) {
        self.steps = steps
        started = now
    }

    var hasEnded: Bool { phase == .finished || phase == .cancelled }

    /// A step begins; false if the command was cancelled.
    mutating func beginStep(now: Int64) -> Bool {
        guard phase == .created || phase == .running else { return false }
        phase = .running
        stepStarts.append(now)
        return true
    }

    mutating func endStep(now: Int64) {
        stepStops.append(now)
        currentStep += 1
    }

    /// Whether clients hear of a step: of many only about ten.
    var announcesStep: Bool { steps <= 10 || currentStep % max(1, steps / 10) == 0 }

    /// The command has ended with an answer; false if it had already.
    mutating func end(_ response: Response, failed: Bool, now: Int64) -> Bool {
        guard !hasEnded else { return false }
        let wasCancelled = phase == .cancelling
        phase = failed || wasCancelled ? .cancelled : .finished
        // A failing command counts as cancelled in OMERO.
        if failed || wasCancelled { flags = [.failure, .cancelled] }
        self.response = response
        stopped = now
        return true
    }

    enum Cancellation: Sendable, Hashable {
        /// It had not begun: it ends at once.
        case now
        /// It ends with the step that is being carried out.
        case afterStep
        case already(wasCancelled: Bool)
    }

    mutating func cancel() -> Cancellation {
        switch phase {
        case .created: phase = .cancelling; return .now
        case .running, .cancelling: phase = .cancelling; return .afterStep
        case .finished: return .already(wasCancelled: false)
        case .cancelled: return .already(wasCancelled: true)
        }
    }
}
