/// What is to be loaded with an object: names of properties, such as `groupExperimenterMap.parent`.
///
/// A step is a reference, a collection, `details` (followed by one of its properties, such as `details.owner`), or
/// `<collection>CountPerOwner`. It may be a property of some subclasses only.
public struct FetchPath: Sendable, Hashable, ExpressibleByStringLiteral, CustomStringConvertible {
    /// Names of properties, each of what the one before leads to.
    public let steps: [String]

    public init(_ steps: [String]) { self.steps = steps }
    public init(_ path: String) { steps = path.split(separator: ".").map(String.init) }
    /// The names with dots in between.
    public init(stringLiteral path: String) { self.init(path) }

    public var description: String { steps.joined(separator: ".") }
}

/// What OMERO's administration service loads.
extension [FetchPath] {
    /// A user with the groups, the default group first.
    public static let userWithGroups: [FetchPath] = ["groupExperimenterMap.parent"]
    /// A group with its members.
    public static let groupWithMembers: [FetchPath] = ["groupExperimenterMap.child"]
    /// A group with its members and these with all their groups.
    public static let groupWithMembersAndTheirGroups: [FetchPath] = [
        "groupExperimenterMap.child.groupExperimenterMap.parent"
    ]
    /// Who owns an object, and when it was made: what gateways read without loading it again.
    public static let ownerAndCreation: [FetchPath] = ["details.owner", "details.creationEvent"]
}

/// An element of a collection, by ids.
public struct FetchedElement: Sendable, Hashable {
    /// The id of the object that has the collection.
    public let holder: Int64
    /// The id of the element.
    public let element: Int64

    public init(holder: Int64, element: Int64) {
        self.holder = holder
        self.element = element
    }
}

/// Paths with their common beginnings joined.
struct FetchTree {
    var children: [String: FetchTree] = [:]
    /// Of a collection: the elements to load, if not all.
    var only: Set<FetchedElement>?

    init(_ paths: [FetchPath] = [], only: [FetchPath: Set<FetchedElement>] = [:]) {
        for path in paths { add(path.steps[...]) }
        for (path, elements) in only { restrict(path.steps[...], elements) }
    }

    private mutating func restrict(_ steps: ArraySlice<String>, _ elements: Set<FetchedElement>) {
        guard let first = steps.first else {
            only = elements
            return
        }
        children[first]?.restrict(steps.dropFirst(), elements)
    }

    private mutating func add(_ steps: ArraySlice<String>) {
        guard let first = steps.first else { return }
        children[first, default: FetchTree()].add(steps.dropFirst())
    }
}
