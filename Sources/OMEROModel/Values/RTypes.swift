#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif
public import IceEncoding

// OMERO's RTypes are boxes that make basic values nullable; in Swift they are optionals.

extension Bool: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RBool.descriptor }
    public init(box: BoxContent) { self = box[0] }
    public func fill(_ box: RecordDraft) { box[0] = self }
}

extension Int32: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RInt.descriptor }
    public init(box: BoxContent) { self = box[0] }
    public func fill(_ box: RecordDraft) { box[0] = self }
}

extension Int64: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RLong.descriptor }
    public init(box: BoxContent) { self = box[0] }
    public func fill(_ box: RecordDraft) { box[0] = self }
}

extension Float: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RFloat.descriptor }
    public init(box: BoxContent) { self = box[0] }
    public func fill(_ box: RecordDraft) { box[0] = self }
}

extension Double: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RDouble.descriptor }
    public init(box: BoxContent) { self = box[0] }
    public func fill(_ box: RecordDraft) { box[0] = self }
}

extension String: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RString.descriptor }
    public init(box: BoxContent) { self = box[0] }
    public func fill(_ box: RecordDraft) { box[0] = self }
}

/// `rtime`: milliseconds since 1970, UTC.
extension Date: BoxedValue {
    public static var boxDescriptor: ClassDescriptor { RTime.descriptor }
    public init(box: BoxContent) { self.init(omeroMilliseconds: box[0]) }
    public func fill(_ box: RecordDraft) { box[0] = omeroMilliseconds }

    /// The time that OMERO writes as `milliseconds` since 1970, UTC.
    public init(omeroMilliseconds milliseconds: Int64) {
        self.init(timeIntervalSince1970: Double(milliseconds) / 1000)
    }

    /// Milliseconds since 1970, UTC, rounded; a time that is out of range becomes the nearest that isn't.
    public var omeroMilliseconds: Int64 {
        let milliseconds = (timeIntervalSince1970 * 1000).rounded()
        return Int64(exactly: milliseconds) ?? (milliseconds < 0 ? .min : .max)
    }
}
