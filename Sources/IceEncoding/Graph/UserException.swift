/// An exception that a Slice operation can throw. Generated code conforms, with the members of all bases flat:
///
/// ```swift
/// struct DetailedFailure: UserException {
///     static let descriptor = ExceptionDescriptor(
///         "::demo::DetailedFailure",
///         base: Failure.descriptor,
///         fields: [.init("code", .int), .init("hint", .string, tag: 1)]
///     )
///     var reason: String
///     var code: Int32
///     var hint: String?
///
///     init(record: ObjectReference) {
///         reason = record[0]
///         code = record[1]
///         hint = record[optional: 2]
///     }
///     func store(in record: RecordDraft) {
///         record[0] = reason
///         record[1] = code
///         record[optional: 2] = hint
///     }
/// }
/// ```
///
/// What arrives is read as the most derived exception that is known here. Slices of unknown exceptions derived from it
/// are skipped and not kept: unlike an instance's, they are gone when the exception is thrown on.
public protocol UserException: Error, Sendable {
    /// The exception: its name, its base and its members.
    static var descriptor: ExceptionDescriptor { get }
    /// Takes the members from what was read.
    init(record: ObjectReference)
    /// Puts the members into what is to be written.
    func store(in record: RecordDraft)
}

extension UserException {
    /// The type id, such as `::omero::ServerError`.
    public static var typeID: String { descriptor.typeID }
    /// The type ids of the exceptions that this one derives from, the nearest first.
    public static var baseTypeIDs: [String] { Array(descriptor.typeIDs.dropFirst()) }
    /// The type id of the exception's own type.
    public var typeID: String { Self.typeID }
    /// Whether the exception is, or derives from, the one with that type id.
    public func isA(_ typeID: String) -> Bool { Self.descriptor.isA(typeID) }

    /// The exception as one of its bases: the members that the base has.
    public func upcast<Base: UserException>(to base: Base.Type = Base.self) -> Base? {
        guard isA(Base.typeID) else { return nil }
        return GraphBuilder.build { builder in
            let record = builder.add(Self.descriptor.record)
            store(in: builder[record])
            return record
        }.asException()
    }
}

extension ObjectReference {
    fileprivate func asException<Base: UserException>() -> Base { Base(record: self) }
}
