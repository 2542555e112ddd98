import NIOCore

extension ObjectReference {
    /// Whether two instances look the same, with all that they refer to: same classes, members, kept slices, and the
    /// same sharing of instances, cycles included. The order of a dictionary's elements does not count.
    public func isEquivalent(to other: ObjectReference) -> Bool {
        var comparison = GraphComparison(graph, other.graph)
        return comparison.run(index, other.index)
    }
}

/// Walks two graphs at once, pairing instances.
private struct GraphComparison {
    let left: UnsafePointer<GraphArena>
    let right: UnsafePointer<GraphArena>
    // What keeps the arenas alive.
    let graphs: (ObjectGraph, ObjectGraph)
    var partners: [UInt32: UInt32] = [:]
    var partnersOfRight: [UInt32: UInt32] = [:]
    var waiting: [(UInt32, UInt32)] = []

    init(_ left: ObjectGraph, _ right: ObjectGraph) {
        graphs = (left, right)
        self.left = left.arena
        self.right = right.arena
    }

    mutating func run(_ first: UInt32, _ second: UInt32) -> Bool {
        guard pair(first, second) else { return false }
        while let (first, second) = waiting.popLast() {
            guard compareInstances(first, second) else { return false }
        }
        return true
    }

    private mutating func pair(_ first: UInt32, _ second: UInt32) -> Bool {
        if first == 0 || second == 0 { return first == second }
        let known = partners[first]
        if known != nil || partnersOfRight[second] != nil { return known == second }
        partners[first] = second
        partnersOfRight[second] = first
        waiting.append((first, second))
        return true
    }

    private mutating func compareInstances(_ first: UInt32, _ second: UInt32) -> Bool {
        let layouts = (left.pointee.layout(first), right.pointee.layout(second))
        guard layouts.0.pointee.typeNumber == layouts.1.pointee.typeNumber,
            layouts.0.pointee.wordCount == layouts.1.pointee.wordCount
        else { return false }
        let from = Int(left.pointee.records.base[Int(first)].first)
        let to = Int(right.pointee.records.base[Int(second)].first)
        var level: UnsafePointer<ClassLayout>? = layouts.0
        while let current = level {
            guard compareRow(current.pointee.ops, current.pointee.opCount, from, to) else { return false }
            for number in 0..<current.pointee.optionalCount {
                let optional = current.pointee.optionals + number
                let slot = Int(optional.pointee.slot)
                let presence = (left.pointee.words.base[from + slot], right.pointee.words.base[to + slot])
                guard presence.0 == presence.1 else { return false }
                guard presence.0 == 0 || compareRow(optional.pointee.ops, optional.pointee.opCount, from, to) else {
                    return false
                }
            }
            level = current.pointee.base
        }
        return comparePreserved(left.pointee.preserved[first] ?? [], right.pointee.preserved[second] ?? [])
    }

    private mutating func comparePreserved(_ first: [PreservedSlice], _ second: [PreservedSlice]) -> Bool {
        guard first.count == second.count else { return false }
        for (one, other) in zip(first, second) {
            guard one.typeID == other.typeID, one.compactID == other.compactID, one.bytes == other.bytes,
                one.hasOptionals == other.hasOptionals, one.isLast == other.isLast,
                one.instances.count == other.instances.count
            else { return false }
            for (instance, partner) in zip(one.instances, other.instances) where !pair(instance, partner) {
                return false
            }
        }
        return true
    }

    /// Compares members of an instance or an element. Nests as deep as the types do.
    private mutating func compareRow(_ ops: UnsafePointer<FieldOp>, _ count: Int, _ from: Int, _ to: Int) -> Bool {
        for number in 0..<count where !compare(ops + number, from, to) { return false }
        return true
    }

    private mutating func compare(_ op: UnsafePointer<FieldOp>, _ from: Int, _ to: Int) -> Bool {
        let first = left.pointee.words.base + from + Int(op.pointee.slot)
        let second = right.pointee.words.base + to + Int(op.pointee.slot)
        switch op.pointee.kind {
        case .bool, .byte, .short, .word, .enumeration: return first[0] == second[0]
        case .doubleWord: return first[0] == second[0] && first[1] == second[1]
        case .string: return first[1] == second[1] && equalBytes(first[0], second[0], Int(first[1]))
        case .numbers:
            return first[1] == second[1]
                && equalBytes(first[0], second[0], Int(first[1]) * Int(op.pointee.numberSize))
        case .proxy: return proxy(left, first[0]) == proxy(right, second[0])
        case .instance: return pair(first[0], second[0])
        case .elements:
            guard first[1] == second[1], let program = op.pointee.program else { return false }
            return compareElements(program, Int(first[0]), Int(second[0]), Int(first[1]))
        }
    }

    private mutating func compareElements(
        _ program: UnsafePointer<ElementProgram>,
        _ first: Int,
        _ second: Int,
        _ count: Int
    ) -> Bool {
        let stride = program.pointee.stride
        guard program.pointee.keyOpCount > 0 else {
            for offset in Swift.stride(from: 0, to: count * stride, by: stride)
            where !compareRow(program.pointee.ops, program.pointee.opCount, first + offset, second + offset) {
                return false
            }
            return true
        }
        // A dictionary, which has no order: each element's partner is the one that has the same key.
        var free = Set(0..<count)
        for element in 0..<count {
            let match = free.first { candidate in
                compareRow(
                    program.pointee.ops,
                    program.pointee.keyOpCount,
                    first + element * stride,
                    second + candidate * stride
                )
            }
            guard let match else { return false }
            free.remove(match)
            guard
                compareRow(
                    program.pointee.ops,
                    program.pointee.opCount,
                    first + element * stride,
                    second + match * stride
                )
            else { return false }
        }
        return true
    }

    private func proxy(_ arena: UnsafePointer<GraphArena>, _ index: UInt32) -> ProxyReference? {
        index == 0 ? nil : arena.pointee.proxies[Int(index) - 1]
    }

    private func equalBytes(_ first: UInt32, _ second: UInt32, _ count: Int) -> Bool {
        if count == 0 { return true }
        return left.pointee.withBytes(at: first, count: count) { one in
            right.pointee.withBytes(at: second, count: count) { other in one.elementsEqual(other) }
        }
    }
}
