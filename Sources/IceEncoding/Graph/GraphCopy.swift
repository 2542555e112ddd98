import NIOCore

/// Copies instances of one graph into another graph's arena, with all that they refer to, each once.
struct GraphCopy {
    private let source: ObjectGraph
    /// The copy of each instance, 0 for those that are not copied.
    private var copies: [UInt32]
    /// Instances that have their place in the target but not their members yet.
    private var waiting: [UInt32] = []

    init(of source: ObjectGraph) {
        self.source = source
        copies = [UInt32](repeating: 0, count: source.arena.pointee.records.count)
    }

    mutating func copy(_ index: UInt32, into target: inout GraphArena) -> UInt32 {
        let result = place(index, in: &target)
        while let next = waiting.popLast() { fill(next, in: &target) }
        return result
    }

    /// The place of an instance's copy, which is made if there is none.
    private mutating func place(_ index: UInt32, in target: inout GraphArena) -> UInt32 {
        if index == 0 || copies[Int(index)] != 0 { return copies[Int(index)] }
        let arena = source.arena
        let descriptor = arena.pointee.descriptors[Int(arena.pointee.records.base[Int(index)].layout)]
        let layout = target.layoutIndex(of: descriptor)
        // Only when many graphs are gathered in one: see `overflow()`, here and below.
        guard let first = target.allocateInstance(descriptor.layout) else { GraphArena.overflow() }
        target.records.append(InstanceRecord(layout: layout, first: first))
        let copy = UInt32(target.records.count - 1)
        copies[Int(index)] = copy
        waiting.append(index)
        return copy
    }

    private mutating func fill(_ index: UInt32, in target: inout GraphArena) {
        let arena = source.arena
        let copy = copies[Int(index)]
        let from = Int(arena.pointee.records.base[Int(index)].first)
        let to = Int(target.records.base[Int(copy)].first)
        var level: UnsafePointer<ClassLayout>? = arena.pointee.layout(index)
        while let current = level {
            let layout = current.pointee
            copyRow(layout.ops, layout.opCount, from, to, &target)
            for number in 0..<layout.optionalCount {
                let optional = layout.optionals + number
                let slot = Int(optional.pointee.slot)
                target.words.base[to + slot] = arena.pointee.words.base[from + slot]
                copyRow(optional.pointee.ops, optional.pointee.opCount, from, to, &target)
            }
            level = layout.base
        }
        if let slices = arena.pointee.preserved[index] {
            var copied: [PreservedSlice] = []
            for var slice in slices {
                slice.instances = slice.instances.map { place($0, in: &target) }
                copied.append(slice)
            }
            target.preserved[copy] = copied
        }
    }

    /// Copies the members of an instance or an element. Nests as deep as the types do.
    private mutating func copyRow(
        _ ops: UnsafePointer<FieldOp>,
        _ count: Int,
        _ from: Int,
        _ to: Int,
        _ target: inout GraphArena
    ) {
        let words = source.arena.pointee.words.base
        for number in 0..<count {
            let op = ops + number
            let slot = Int(op.pointee.slot)
            let first = words[from + slot]
            switch op.pointee.kind {
            case .bool, .byte, .short, .word, .enumeration:
                target.words.base[to + slot] = first
            case .doubleWord:
                target.words.base[to + slot] = first
                target.words.base[to + slot + 1] = words[from + slot + 1]
            case .string, .numbers:
                let elements = words[from + slot + 1]
                let size = Int(elements) * (op.pointee.kind == .string ? 1 : Int(op.pointee.numberSize))
                if size > 0 {
                    let offset = source.arena.pointee.withBytes(at: first, count: size) { bytes in
                        bytes.baseAddress.flatMap { target.append($0, count: size) }
                    }
                    guard let offset else { GraphArena.overflow() }
                    target.words.base[to + slot] = offset
                }
                target.words.base[to + slot + 1] = elements
            case .elements:
                guard let program = op.pointee.program else { continue }
                let elements = Int(words[from + slot + 1])
                let stride = program.pointee.stride
                guard let region = target.allocateWords(elements * stride) else { GraphArena.overflow() }
                target.words.base[to + slot] = region
                target.words.base[to + slot + 1] = UInt32(elements)
                for element in 0..<elements {
                    copyRow(
                        program.pointee.ops,
                        program.pointee.opCount,
                        Int(first) + element * stride,
                        Int(region) + element * stride,
                        &target
                    )
                }
            case .proxy:
                if first != 0 {
                    target.proxies.append(source.arena.pointee.proxies[Int(first) - 1])
                    target.words.base[to + slot] = UInt32(target.proxies.count)
                }
                if target.binding == nil { target.binding = source.arena.pointee.binding }
            case .instance:
                target.words.base[to + slot] = place(first, in: &target)
            }
        }
    }
}
