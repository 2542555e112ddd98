public import IceEncoding

/// A handle to an object of OMERO's model: a project, an image, a link, an enumeration's entry, …
///
/// The handle shares the graph that the object came in, with all that was fetched with it. Reading a property of an
/// object that is not loaded, or a collection that was not fetched, throws a ``ModelError`` that names it.
///
/// Two handles are equal if they are to objects of one class with one id; without an id, to the same instance.
public protocol IObjectProtocol: SliceClass {}

extension IObjectProtocol {
    /// The number of the object in OMERO; nil if it was never saved.
    public var id: Int64? { (object[IObjectField.id] as Box<Int64>).value }
    /// Who owns the object, when it was made, and what may be done with it; nil if the server left it out.
    public var details: Details? { object[IObjectField.details] }
    /// Whether there is more than the id.
    public var isLoaded: Bool { object[IObjectField.loaded] }

    public static func == (left: Self, right: Self) -> Bool {
        if left.object == right.object { return true }
        guard let id = left.id, id == right.id else { return false }
        return left.object.descriptor === right.object.descriptor
    }

    public func hash(into hasher: inout Hasher) {
        guard let id else { return hasher.combine(object) }
        hasher.combine(id)
        hasher.combine(ObjectIdentifier(object.descriptor))
    }

    // MARK: What the generated properties call

    /// A member that needs the object to be loaded.
    func loaded<Value: GraphStorable>(_ field: Int) throws(ModelError) -> Value {
        guard isLoaded else { throw error(.unloadedObject, field) }
        return object[field]
    }

    func optional<Value: BoxedValue>(_ field: Int) throws(ModelError) -> Value? {
        try (loaded(field) as Box<Value>).value
    }

    func required<Value: BoxedValue>(_ field: Int) throws(ModelError) -> Value {
        guard let value = try (loaded(field) as Box<Value>).value else { throw error(.missingValue, field) }
        return value
    }

    func required<Class: SliceClass>(_ field: Int) throws(ModelError) -> Class {
        guard let value: Class = try loaded(field) else { throw error(.missingValue, field) }
        return value
    }

    /// A collection, which is loaded if the next member says so.
    func collection<Class: SliceClass>(_ field: Int) throws(ModelError) -> [Class] {
        guard isLoaded else { throw error(.unloadedObject, field) }
        guard object[field + 1] as Bool else { throw error(.unloadedCollection, field) }
        let elements: [Class?] = object[field]
        return try elements.enumerated().map { (index, element) throws(ModelError) in
            guard let element else { throw error(.nullElement(index: index), field) }
            return element
        }
    }

    /// A list of values.
    func values<Value: BoxedValue>(_ field: Int) throws(ModelError) -> [Value] {
        let elements: [Box<Value>] = try loaded(field)
        return try elements.enumerated().map { (index, element) throws(ModelError) in
            guard let value = element.value else { throw error(.nullElement(index: index), field) }
            return value
        }
    }

    private func error(_ reason: ModelError.Reason, _ field: Int) -> ModelError {
        ModelError(reason, className: typeID, objectID: id, property: object.descriptor.propertyName(field))
    }
}

/// The members of `omero::model::IObject`, by number.
enum IObjectField {
    static let id = 0
    static let details = 1
    static let loaded = 2
}

extension ClassDescriptor {
    /// The name of a property as users know it: `_datasetLinksSeq` is `datasetLinks`.
    func propertyName(_ field: Int) -> String {
        var name = Substring(allFields[field].name)
        if name.hasPrefix("_") { name = name.dropFirst() }
        if name.hasSuffix("Seq") { name = name.dropLast(3) }
        return String(name)
    }
}
