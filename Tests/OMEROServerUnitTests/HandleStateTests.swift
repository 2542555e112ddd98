import IceEncoding
import OMEROAPI
import Testing

@testable import OMEROServer

@Suite("Where a command stands")
struct HandleStateTests {
    private typealias Phase = HandleState.Phase

    private static let answer = Response(OK.make())

    /// A state in that phase, of a command with two steps.
    private static func state(_ phase: HandleState.Phase) -> HandleState {
        var state = HandleState(steps: 2, now: 10)
        switch phase {
        case .created: break
        case .running: _ = state.beginStep(now: 11)
        case .cancelling:
            _ = state.beginStep(now: 11)
            _ = state.cancel()
        case .finished:
            _ = state.beginStep(now: 11)
            state.endStep(now: 12)
            _ = state.end(answer, failed: false, now: 13)
        case .cancelled: _ = state.end(answer, failed: true, now: 13)
        }
        return state
    }

    @Test("a command that was submitted has not begun, has no answer and no flags")
    func created() {
        let state = HandleState(steps: 3, now: 42)
        #expect(state.phase == .created)
        #expect(state.response == nil)
        #expect(state.flags == [])
        #expect((state.steps, state.currentStep) == (3, 0))
        #expect((state.started, state.stopped) == (42, 0))
        #expect(!state.hasEnded)
    }

    @Test(
        "a step begins unless the command was cancelled or has ended",
        arguments: zip(
            [Phase.created, .running, .cancelling, .finished, .cancelled], [true, true, false, false, false]))
    func begin(phase: HandleState.Phase, begins: Bool) {
        var state = Self.state(phase)
        let starts = state.stepStarts
        #expect(state.beginStep(now: 20) == begins)
        #expect(state.phase == (begins ? .running : phase))
        #expect(state.stepStarts == (begins ? starts + [20] : starts))
    }

    @Test("every step that ends counts, and its times are kept")
    func steps() {
        var state = HandleState(steps: 2, now: 1)
        _ = state.beginStep(now: 2)
        state.endStep(now: 3)
        _ = state.beginStep(now: 4)
        state.endStep(now: 5)
        #expect((state.stepStarts, state.stepStops) == ([2, 4], [3, 5]))
        #expect(state.currentStep == 2)
        #expect(state.phase == .running)
    }

    @Test(
        "a cancellation ends a command that has not begun, waits for a step that has, and is too late for others",
        arguments: zip(
            [Phase.created, .running, .cancelling, .finished, .cancelled],
            [
                HandleState.Cancellation.now, .afterStep, .afterStep, .already(wasCancelled: false),
                .already(wasCancelled: true),
            ]
        ))
    func cancel(phase: HandleState.Phase, action: HandleState.Cancellation) {
        var state = Self.state(phase)
        #expect(state.cancel() == action)
        #expect(state.phase == (state.hasEnded ? phase : .cancelling))
    }

    @Test(
        "a command ends once",
        arguments: zip(
            [Phase.created, .running, .cancelling, .finished, .cancelled], [true, true, true, false, false]))
    func end(phase: HandleState.Phase, ends: Bool) {
        var state = Self.state(phase)
        let stopped = state.stopped
        #expect(state.end(Self.answer, failed: false, now: 99) == ends)
        #expect(state.hasEnded)
        #expect(state.stopped == (ends ? 99 : stopped))
        #expect(state.response != nil)
    }

    @Test(
        "a command that ends well has finished, without flags, unless it was being cancelled",
        arguments: [Phase.created, .running, .cancelling])
    func endsWell(phase: HandleState.Phase) {
        var state = Self.state(phase)
        _ = state.end(Self.answer, failed: false, now: 99)
        #expect(state.phase == (phase == .cancelling ? .cancelled : .finished))
        #expect(state.flags == (phase == .cancelling ? [.failure, .cancelled] : []))
    }

    @Test("a command that fails counts as cancelled", arguments: [Phase.created, .running, .cancelling])
    func fails(phase: HandleState.Phase) {
        var state = Self.state(phase)
        _ = state.end(Self.answer, failed: true, now: 99)
        #expect(state.phase == .cancelled)
        #expect(state.flags == [.failure, .cancelled])
    }

    @Test("of up to ten steps clients hear of every one, of more of about ten", arguments: [1, 9, 10, 11, 95, 1000])
    func announcements(steps: Int) {
        var state = HandleState(steps: steps, now: 0)
        var announced = 0
        for _ in 0..<steps {
            _ = state.beginStep(now: 0)
            state.endStep(now: 0)
            if state.announcesStep { announced += 1 }
        }
        #expect(steps <= 10 ? announced == steps : (9...11).contains(announced))
    }
}
