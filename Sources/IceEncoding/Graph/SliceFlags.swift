/// The byte with which each slice begins in encoding 1.1.
struct SliceFlags: OptionSet, BitwiseCopyable {
    var rawValue: UInt8

    /// The two lowest bits: how the type id is given. None of it in compact slices after the first, and in
    /// exceptions, which always name their type.
    static let typeIDMask: UInt8 = 0b11
    static let typeIDString: UInt8 = 1
    static let typeIDIndex: UInt8 = 2
    static let typeIDCompact: UInt8 = 3

    static let hasOptionals = SliceFlags(rawValue: 1 << 2)
    static let hasIndirectionTable = SliceFlags(rawValue: 1 << 3)
    static let hasSize = SliceFlags(rawValue: 1 << 4)
    static let isLast = SliceFlags(rawValue: 1 << 5)
}
