public import IceEncoding

extension GraphBuilder {
    /// Adds a new object, to be saved: it has no id yet, and counts as loaded. Collections are not loaded until they
    /// are set; the server leaves those alone.
    @discardableResult
    public func add<Class: IObjectProtocol>(
        _ type: Class.Type,
        _ body: (inout Draft<Class>) throws -> Void
    ) rethrows -> Class {
        let object = add(Class.descriptor)
        self[object][IObjectField.loaded] = true
        let handle = Class(object: object)
        try update(handle, body)
        return handle
    }

    /// Adds a new object, to be saved, without any property set.
    @discardableResult
    public func add<Class: IObjectProtocol>(_ type: Class.Type) -> Class { add(type) { _ in } }

    /// Adds an object that is only an id: enough to refer to it.
    @discardableResult
    public func add<Class: IObjectProtocol>(unloaded type: Class.Type, id: Int64) -> Class {
        let object = add(Class.descriptor)
        self[object][IObjectField.id] = Box(id)
        return Class(object: object)
    }
}

extension IObjectProtocol {
    /// A new object, to be saved, in a graph of its own.
    public static func make(_ body: (inout Draft<Self>) throws -> Void) rethrows -> Self {
        try GraphBuilder.build { try $0.add(Self.self, body) }
    }

    /// A new object, to be saved, without any property set.
    public static func make() -> Self { make { _ in } }

    /// A copy, with all that was fetched with it, after `change`: to be saved.
    public func edited(_ change: (inout Draft<Self>) throws -> Void) rethrows -> Self {
        try GraphBuilder.build { builder in
            let copy = builder.copy(self)
            try builder.update(copy, change)
            return copy
        }
    }

    /// An object that is only an id, in a graph of its own: enough to refer to it.
    public static func unloaded(_ id: Int64) -> Self { GraphBuilder.build { $0.add(unloaded: Self.self, id: id) } }
}

extension Draft where Class: IObjectProtocol {
    /// The number of the object in OMERO; nil to have it made.
    public var id: Int64? {
        get { unboxed(IObjectField.id) }
        nonmutating set { box(newValue, IObjectField.id) }
    }
    /// Whose it is, its group and events; nil has the server fill them in.
    public var details: Details? {
        get { self[IObjectField.details] }
        nonmutating set { self[IObjectField.details] = newValue }
    }
    /// Whether there is more than the id.
    public var isLoaded: Bool {
        get { self[IObjectField.loaded] }
        nonmutating set { self[IObjectField.loaded] = newValue }
    }
}

// What the generated properties call.
extension Draft {
    private func value<Value: BoxedValue>(_ instance: AnySliceObject?) -> Value? {
        instance.map { Value(box: BoxContent(record.builder[$0.object])) }
    }

    package func unboxed<Value: BoxedValue>(_ field: Int) -> Value? { value(self[field]) }
    package func unboxed<Value: BoxedValue>(_ field: Int) -> [Value?] { (self[field] as [AnySliceObject?]).map(value) }
    package func unboxed<Value: BoxedValue>(_ field: Int) -> [Value] {
        (self[field] as [AnySliceObject?]).compactMap(value)
    }
    package func unboxed<Value: BoxedValue>(_ field: Int) -> [String: Value?] {
        (self[field] as [String: AnySliceObject?]).mapValues(value)
    }
    package func unboxed<Value: BoxedValue>(_ field: Int) -> [[String: Value?]] {
        (self[field] as [[String: AnySliceObject?]]).map { $0.mapValues(value) }
    }

    package func box<Value: BoxedValue>(_ value: Value?, _ field: Int) { self[field] = Box(value) }
    package func box<Value: BoxedValue>(_ values: [Value], _ field: Int) { self[field] = values.map(Box.init) }

    func collection<Element: SliceClass>(_ field: Int) -> [Element] { (self[field] as [Element?]).compactMap(\.self) }

    /// Sets a collection, which is loaded from then on.
    func set<Element: SliceClass>(_ elements: [Element], _ field: Int) {
        self[field] = elements as [Element?]
        self[field + 1] = true
    }
}
