// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public struct Failure: UserException {
    public static let descriptor = ExceptionDescriptor(
        "::interop::Failure",
        fields: [
            .init("reason", .string)
        ]
    )
    public var reason: String

    public init(reason: String) {
        self.reason = reason
    }

    public init(record: ObjectReference) {
        reason = record[0]
    }

    public func store(in record: RecordDraft) {
        record[0] = reason
    }
}

public struct DetailedFailure: UserException {
    public static let descriptor = ExceptionDescriptor(
        "::interop::DetailedFailure",
        base: Failure.descriptor,
        fields: [
            .init("code", .int),
            .init("where", .instance("::interop::Node")),
            .init("hint", .string, tag: 1),
        ]
    )
    public var reason: String
    public var code: Int32
    public var `where`: Node?
    public var hint: String?

    public init(reason: String, code: Int32, `where`: Node? = nil, hint: String? = nil) {
        self.reason = reason
        self.code = code
        self.where = `where`
        self.hint = hint
    }

    public init(record: ObjectReference) {
        reason = record[0]
        code = record[1]
        `where` = record[2]
        hint = record[optional: 3]
    }

    public func store(in record: RecordDraft) {
        record[0] = reason
        record[1] = code
        record[2] = `where`
        record[optional: 3] = hint
    }
}
