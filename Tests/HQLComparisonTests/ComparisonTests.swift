import Foundation
import Testing

@testable import OMEROStore

/// Random queries, answered by the store and by a plain evaluation over the same rows in memory.
@Suite("Random queries", .serialized)
struct ComparisonTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// `scripts/soak hql COUNT SEED`
    private static let count = environment["SWIFT_OMERO_HQL_QUERIES"].flatMap { Int($0) } ?? 400
    private static let seed = environment["SWIFT_OMERO_HQL_SEED"].flatMap { UInt64($0) } ?? 2026
    /// Queries about the same rows.
    private static let perWorld = 500

    @Test("are answered as a plain evaluation over the same rows answers them, whoever asks from wherever")
    func comparison() async throws {
        var asked: [String: Int] = [:]
        var withAnswers = 0
        var differences = 0
        var done = 0
        var round: UInt64 = 0
        while done < Self.count, differences < 10 {
            let seed = Self.seed &+ round
            let world = try await World(seed: seed)
            let comparisons = world.askers.map { Comparison(world, $0) }
            var generator = QueryGenerator(world.rows, seed: seed)
            for number in 0..<min(Self.perWorld, Self.count - done) {
                let comparison = comparisons[(number + Int(round) * 7) % comparisons.count]
                let asker = comparison.visibility.asker
                let query = try generator.query()
                let (difference, answers) = try await comparison.compare(query)
                if answers > 0 { withAnswers += 1 }
                asked["\(asker.context) / \(asker.role)", default: 0] += 1
                done += 1
                guard let difference else { continue }
                differences += 1
                let (smallest, what) = try await comparison.shrink(query, difference)
                Issue.record(
                    """
                    seed \(seed), query \(number), \(asker.role) in \(asker.context): \(smallest.text)
                    \(smallest.parameters) offset \(smallest.offset) limit \(smallest.limit.map { "\($0)" } ?? "none")
                    \(what)
                    """)
                if differences >= 10 { break }
            }
            round += 1
        }
        #expect(done == Self.count)
        // Or the comparison would say nothing.
        #expect(withAnswers > done / 3, "\(withAnswers) of \(done)")
        guard Self.environment["SWIFT_OMERO_HQL_QUERIES"] != nil else { return }
        for (who, count) in asked.sorted(by: { $0.key < $1.key }) { print("soak hql \(who): \(count) queries") }
        print("soak hql seed \(Self.seed): \(done) queries, \(withAnswers) with answers, \(differences) differences")
    }
}
