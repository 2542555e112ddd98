public import IceEncoding

/// A physical quantity of OMERO: a number and its unit.
public protocol Quantity: BoxedValue, CustomStringConvertible {
    /// What it is measured in.
    associatedtype Unit: UnitOfMeasure
    /// The number, in ``unit``.
    var value: Double { get set }
    /// The unit of ``value``.
    var unit: Unit { get set }
    /// So much of that unit.
    init(_ value: Double, _ unit: Unit)
}

/// A unit of OMERO: how it is written, and how it converts.
public protocol UnitOfMeasure: SliceEnum {
    /// What is known of the units, in the order of their numbers on the wire.
    static var definitions: [UnitDefinition] { get }
}

/// How a unit is written, and how it converts to the base unit of its kind (metre, second, kelvin, …).
public struct UnitDefinition: Sendable, Hashable {
    /// Such as `µm`.
    public let symbol: String
    /// value in the base unit = value × factor + offset; nil for units without a size, such as pixel.
    public let factor: Double?
    /// What is added after multiplying, as from °C to K; else 0.
    public let offset: Double

    init(_ symbol: String, factor: Double?, offset: Double = 0) {
        self.symbol = symbol
        self.factor = factor
        self.offset = offset
    }
}

extension UnitOfMeasure {
    private var definition: UnitDefinition { Self.definitions[Int(rawValue)] }
    /// Such as `µm`, as OMERO's database and clients write it.
    public var symbol: String { definition.symbol }
    /// The size in the base unit; nil for units without a size, such as pixel.
    public var factor: Double? { definition.factor }
    /// What is to be added after multiplying; 0 for all but temperatures.
    public var offset: Double { definition.offset }

    /// The unit that is written so.
    public init?(symbol: String) {
        guard let unit = Self.allCases.first(where: { $0.symbol == symbol }) else { return nil }
        self = unit
    }
}

extension Quantity {
    /// The same quantity in another unit.
    ///
    /// - Throws: ``ModelError/Reason/noConversion(from:to:)`` if one of the two has no size, such as pixel.
    public func converted(to target: Unit) throws(ModelError) -> Self {
        if target == unit { return self }
        guard let from = unit.factor, let to = target.factor else {
            throw ModelError(.noConversion(from: unit.symbol, to: target.symbol), className: Self.boxDescriptor.typeID)
        }
        return Self((value * from + unit.offset - target.offset) / to, target)
    }

    /// The number in another unit; nil if one of the two has no size.
    public func value(in target: Unit) -> Double? { try? converted(to: target).value }

    public var description: String { "\(value) \(unit.symbol)" }

    public init(box: BoxContent) { self.init(box[0], box[1]) }

    public func fill(_ box: RecordDraft) {
        box[0] = value
        box[1] = unit
    }
}
