/// What a model object cannot tell.
public struct ModelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Why it can't.
    public enum Reason: Sendable, Hashable {
        /// The object is only an id: it has to be loaded before it tells more.
        case unloadedObject
        /// The object is loaded, but this collection was not fetched with it.
        case unloadedCollection
        /// A property that every saved object has is null.
        case missingValue
        /// A collection has a null among its elements.
        case nullElement(index: Int)
        /// A quantity has no size in one of the two units.
        case noConversion(from: String, to: String)
    }

    /// What is wrong.
    public let reason: Reason
    /// The type id, such as `::omero::model::Project`.
    public let className: String
    /// The id of the object, if it has one.
    public let objectID: Int64?
    /// The property that was asked for.
    public let property: String?

    public init(_ reason: Reason, className: String, objectID: Int64? = nil, property: String? = nil) {
        self.reason = reason
        self.className = className
        self.objectID = objectID
        self.property = property
    }

    public var description: String {
        let name = className.split(separator: ":").last.map(String.init) ?? className
        let object = objectID.map { "\(name):\($0)" } ?? name
        let place = property.map { "\(object).\($0)" } ?? object
        return switch reason {
        case .unloadedObject: "\(place) is not loaded: fetch the \(name) first"
        case .unloadedCollection: "\(place) is not loaded: fetch the \(name) with it (join fetch)"
        case .missingValue: "\(place) is required, but null"
        case .nullElement(let index): "\(place) has a null at index \(index)"
        case .noConversion(let from, let to): "no \(name) in \(from) can be converted to \(to)"
        }
    }
}
