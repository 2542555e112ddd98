// What a query says, before it is known whether the data model has what it names.

/// `select … from … where … group by … having … order by …`
struct SelectStatement: Sendable {
    var isDistinct = false
    /// Nil without `select`: everything in `from` that isn't fetched.
    var items: [SelectItem]?
    /// `new map(…)`: each row is one value, with the items' names as keys.
    var isMap = false
    var roots: [Root] = []
    var joins: [Join] = []
    var condition: Expression?
    var groups: [Expression] = []
    var having: Expression?
    var orders: [Order] = []
    var offset = 0

    /// `Project as p`
    struct Root: Sendable {
        let entity: String
        let alias: String?
        let offset: Int
        /// Joins that were written before it.
        let joinsBefore: Int
    }

    /// `left outer join fetch p.datasetLinks as l with …`
    struct Join: Sendable {
        enum Kind: Sendable, Hashable { case inner, left }
        let kind: Kind
        let isFetch: Bool
        let path: [String]
        let alias: String?
        let condition: Expression?
        let offset: Int
    }

    struct SelectItem: Sendable {
        let expression: Expression
        let alias: String?
    }

    struct Order: Sendable {
        let expression: Expression
        let isDescending: Bool
        /// `nulls first` or `nulls last`, where it is said.
        let nullsFirst: Bool?
    }
}

/// A value or a condition, and where it begins.
struct Expression: Sendable {
    let offset: Int
    let kind: Kind

    init(_ offset: Int, _ kind: Kind) {
        self.offset = offset
        self.kind = kind
    }

    indirect enum Kind: Sendable {
        /// `p.details.owner.id`; also the name of a class, and an alias alone.
        case path([String])
        case parameter(String)
        case string(String)
        case int(Int64, isLong: Bool)
        case double(Double)
        case bool(Bool)
        case null
        /// `-x`
        case negative(Expression)
        /// `+`, `-`, `*`, `/`, `%`, `||`
        case arithmetic(String, Expression, Expression)
        case all([Expression])
        case any([Expression])
        case not(Expression)
        /// `=`, `<>`, `<`, `<=`, `>`, `>=`
        case comparison(String, Expression, Expression)
        case between(Expression, Expression, Expression)
        case like(Expression, Expression, ignoresCase: Bool, escape: Expression?)
        case isNull(Expression)
        case isEmpty(Expression)
        case member(Expression, of: Expression)
        case inList(Expression, [Expression])
        case inQuery(Expression, SelectStatement)
        case exists(SelectStatement)
        /// `exists elements(p.datasetLinks)`
        case existsElements(Expression)
        case query(SelectStatement)
        /// `elements(p.datasetLinks)`
        case elements(Expression)
        /// The name is in lower case; `count(*)` has no arguments.
        case function(String, [Expression], isDistinct: Bool)
        case cast(Expression, String)
        case extract(String, Expression)
        case cases([(condition: Expression, value: Expression)], otherwise: Expression?)
    }
}
