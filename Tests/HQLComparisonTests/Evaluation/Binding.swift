@testable import OMEROStore

/// A name of the `from` clause.
struct PlainSource {
    let name: String?
    /// Nil of a map's pairs.
    let entity: Entity?
    let isRoot: Bool
    let isFetched: Bool
    let isCollection: Bool
}

/// What each name of the `from` clause stands for, in one of the rows that come of it.
final class Binding {
    enum Element {
        case row(PlainRow)
        case pair(PlainRow.Pair)
    }

    let parent: Binding?
    var sources: [PlainSource] = []
    /// Nil where an outer join found nothing.
    var elements: [Element?] = []
    /// The rows of a group, of which this is the first.
    var group: [Binding]?

    init(parent: Binding?) { self.parent = parent }

    func adding(_ source: PlainSource, _ element: Element?) -> Binding {
        let binding = Binding(parent: parent)
        binding.sources = sources + [source]
        binding.elements = elements + [element]
        return binding
    }

    /// The place of a name, in this query or in one around it.
    func find(_ name: String) -> (binding: Binding, place: Int)? {
        if let place = sources.firstIndex(where: { $0.name == name }) { return (self, place) }
        return parent?.find(name)
    }
}
