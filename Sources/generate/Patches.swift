/// Corrections to what the schema says, each with its reason.
struct Patches {
    struct Document: Decodable { let patches: [Patch] }
    struct Patch: Decodable {
        enum Kind: String, Decodable {
            /// `value` is the Swift name of the type, enumerator (`type.NAME`), member or parameter.
            case name
            /// The type is written by hand.
            case byHand
            /// The type has a handle, but only for this package: users see Swift's own types.
            case hidden
            /// Where the type is used, `value` is used instead (a class that is a value in Swift).
            case value
        }
        let kind: Kind
        let target: String
        let value: String?
        let reason: String
    }

    private(set) var names: [String: String] = [:]
    private(set) var byHand: Set<String> = []
    private(set) var hidden: Set<String> = []
    private(set) var values: [String: String] = [:]

    init() {}

    init(_ document: Document) throws {
        for patch in document.patches {
            guard !patch.reason.isEmpty else { throw GeneratorError("patch of \(patch.target) without a reason") }
            switch patch.kind {
            case .name: names[patch.target] = patch.value
            case .byHand: byHand.insert(patch.target)
            case .hidden: hidden.insert(patch.target)
            case .value: values[patch.target] = patch.value
            }
        }
    }
}
