#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Android)
    import Android
#endif

/// A growing block of plain values, freed with its owner.
///
/// An array without the uniqueness check, bounds check and reference count of each access; its users check bounds
/// where a number comes from outside.
struct Growable<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private(set) var capacity: Int

    init(capacity: Int = 0) {
        self.capacity = max(capacity, 4)
        self.base = Self.reallocate(nil, self.capacity)
    }

    /// A copy of another.
    init(copying other: borrowing Growable<Element>) {
        self.init(capacity: other.count)
        base.update(from: other.base, count: other.count)
        count = other.count
    }

    deinit { free(base) }

    private static func reallocate(_ base: UnsafeMutablePointer<Element>?, _ capacity: Int) -> UnsafeMutablePointer<
        Element
    > {
        guard let memory = realloc(base, max(1, capacity * MemoryLayout<Element>.stride)) else {
            // As everywhere in Swift: no memory is no recoverable error.
            fatalError("out of memory")
        }
        return memory.bindMemory(to: Element.self, capacity: capacity)
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow(1) }
        base[count] = element
        count += 1
    }

    /// Makes room for `extra` elements more, without counting them.
    @inline(__always)
    mutating func reserve(_ extra: Int) {
        if capacity - count < extra { grow(extra) }
    }

    /// Counts elements that were written behind the last one.
    @inline(__always)
    mutating func didAppend(_ extra: Int) { count += extra }

    /// Appends `extra` zeros and returns where they begin.
    @inline(__always)
    mutating func allocate(_ extra: Int) -> Int {
        if capacity - count < extra { grow(extra) }
        let first = count
        memset(base + first, 0, extra * MemoryLayout<Element>.stride)
        count = first + extra
        return first
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        capacity = max(capacity * 2, count + extra)
        base = Self.reallocate(base, capacity)
    }

    @inline(__always)
    mutating func removeLast() { count -= 1 }

    mutating func truncate(to count: Int) { self.count = count }

    /// Gives back what is not used.
    mutating func shrink() {
        guard count < capacity else { return }
        capacity = max(count, 1)
        base = Self.reallocate(base, capacity)
    }
}
