import IceEncoding
public import OMEROModel

/// A question for objects of one class: filters, order, and what to load along. Nothing is asked until it is read.
///
/// ```swift
/// for try await image in gateway.objects(Image.self).inside(dataset).ordered(by: .name).loading(\.pixels) {
///     print(try image.name)
/// }
/// let count = try await gateway.inAllGroups.objects(Project.self).ownedBy(me.userID).count()
/// ```
///
/// Objects arrive page by page, so a million of them take no more memory than a page. Read by number (the default
/// order) the pages fit together even while others add and delete; in other orders as well as a database can.
public struct ObjectQuery<Object: IObjectProtocol>: Sendable {
    /// In which order objects come.
    public enum Order: Hashable, Sendable {
        /// By number: the order of their making. Pages are stable.
        case id
        /// By name, whatever the letters' case.
        case name
        /// By a property, such as `acquisitionDate`.
        case property(String, descending: Bool = false)
    }

    struct Clause: Sendable {
        var text: String
        var parameters: [String: RValue?] = [:]
    }

    let context: any GatewayContext
    /// The class as queries name it.
    let className: String
    private(set) var clauses: [Clause] = []
    private(set) var joins: [String] = []
    private(set) var order = Order.id
    private(set) var ids: [Int64]?
    private(set) var maximum: Int?
    private(set) var skipped = 0
    private(set) var pageSize = 500
    private(set) var usesOwnerOfContext = true
    /// Why there is nothing to ask.
    private(set) var fault: GatewayError?

    /// - Parameter className: the class that is asked for, where `Object` is only a base of it.
    init(_ context: any GatewayContext, className: String = ModelFacts.name(of: Object.self)) {
        self.context = context
        self.className = className
    }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }

    /// A clause whose parameters have names of its own.
    func filtered(_ text: (_ prefix: String) -> String, _ values: [RValue?] = []) -> Self {
        with { query in
            let prefix = ":p\(query.clauses.count)x"
            var parameters: [String: RValue?] = [:]
            for (index, value) in values.enumerated() { parameters["\(prefix.dropFirst())\(index)"] = value }
            query.clauses.append(Clause(text: text(prefix), parameters: parameters))
        }
    }

    // MARK: Filters

    /// Only what that user owns; everyone's for nil. Without it the context's owner counts.
    public func ownedBy(_ user: Int64?) -> Self {
        let base = with { $0.usesOwnerOfContext = false }
        guard let user else { return base }
        return base.filtered({ "obj.details.owner.id = \($0)0" }, [.long(user)])
    }

    /// Only objects of exactly that name.
    public func named(_ name: String) -> Self { matching(nameProperty, equals: .string(name)) }

    /// Only objects whose name holds the text, whatever the letters' case.
    public func named(containing text: String) -> Self {
        let property = nameProperty
        return filtered({ "lower(obj.\(property)) like \($0)0" }, [.string("%\(text.lowercased().likeEscaped)%")])
    }

    /// Only objects with that value of a property, such as `omeName`; nil finds those without one.
    public func matching(_ property: String, equals value: RValue?) -> Self {
        guard let value else { return filtered({ _ in "obj.\(property) is null" }) }
        return filtered({ "obj.\(property) = \($0)0" }, [value])
    }

    /// Only objects with these values of properties, all of them; nil finds those without one.
    ///
    /// ```swift
    /// gateway.objects(Experimenter.self).matching(["lastName": "Öztürk", "ldap": false])
    /// ```
    public func matching(_ attributes: [String: RValue?]) -> Self {
        attributes.sorted { $0.key < $1.key }.reduce(self) { $0.matching($1.key, equals: $1.value) }
    }

    /// Only these, in this order; numbers that nothing is found for are left out. Reads them in one go.
    public func ids(_ ids: [Int64]) -> Self { with { $0.ids = ids } }

    /// Only what is in that container, directly or further below: datasets of a project, images of a dataset, a project,
    /// a well or a plate, plates of a screen, wells of a plate, ROIs of an image, images of a folder, tags of a tag set.
    ///
    /// Reading it throws a ``GatewayError`` of kind ``GatewayError/Kind/invalidRequest`` if the one is never in the other,
    /// or the container was never saved.
    public func inside(_ parent: some IObjectProtocol) -> Self {
        let name = ModelFacts.name(of: parent.object.descriptor)
        guard let id = parent.id else {
            return with { $0.fault = GatewayError(.invalidRequest, "that \(name) was never saved", phase: .call) }
        }
        return inside(name, id: id)
    }

    /// The same, by class and number.
    public func inside<Parent: IObjectProtocol>(_ parent: Parent.Type, id: Int64) -> Self {
        inside(ModelFacts.name(of: parent), id: id)
    }

    private func inside(_ parent: String, id: Int64) -> Self {
        guard let ways = ModelFacts.ways(from: className, to: parent).first else {
            return with {
                $0.fault = GatewayError(.invalidRequest, "\(className) is never in \(parent)", phase: .call)
            }
        }
        return held(by: id, ways)
    }

    /// Only objects that are in no container; an image in a folder only is an orphan, one in a well is not.
    public func orphaned() -> Self {
        ModelFacts.upwards(from: className).filter(\.isHome).reduce(self) { query, way in
            query.filtered { _ in
                way.relation == className
                    ? "obj.\(way.upper) is null"
                    : "not exists (select r.id from \(way.relation) r where r.\(way.lower) = obj.id)"
            }
        }
    }

    /// Only objects that carry that annotation, such as a tag.
    public func annotated(with annotation: Int64) -> Self {
        let links = annotationLinkClass
        return filtered(
            { "obj.id in (select l.parent.id from \(links) l where l.child.id = \($0)0)" }, [.long(annotation)])
    }

    /// Only objects with a tag of that text.
    public func tagged(_ text: String) -> Self {
        let links = annotationLinkClass
        return filtered(
            {
                "obj.id in (select l.parent.id from \(links) l, TagAnnotation t "
                    + "where l.child.id = t.id and t.textValue = \($0)0)"
            }, [.string(text)])
    }

    /// Only objects with that key and value in a map annotation; any value for nil.
    public func withKey(_ key: String, value: String? = nil) -> Self {
        let links = annotationLinkClass
        return filtered(
            {
                "obj.id in (select l.parent.id from \(links) l, MapAnnotation m join m.mapValue v "
                    + "where l.child.id = m.id and v.name = \($0)0" + (value == nil ? ")" : " and v.value = \($0)1)")
            }, [.string(key)] + (value.map { [.string($0)] } ?? []))
    }

    /// Only objects for which a condition in HQL holds; the object is called `obj`.
    ///
    /// - Parameters:
    ///   - condition: what may stand after `where`; values stand in it as `:name`.
    ///   - parameters: values for the names after colons. Names that begin with `p` and a digit are taken.
    public func filter(_ condition: String, _ parameters: [String: RValue?] = [:]) -> Self {
        with { $0.clauses.append(Clause(text: "(\(condition))", parameters: parameters)) }
    }

    // MARK: Shape

    /// In that order; by number unless said otherwise.
    public func ordered(by order: Order) -> Self { with { $0.order = order } }

    /// The same by names, for what key paths can't say: properties of derived classes, such as `child.file` of a link to
    /// a file annotation.
    public func loading(_ paths: String...) -> Self { with { $0.joins += paths } }

    /// At most so many.
    public func limited(to count: Int) -> Self { with { $0.maximum = Swift.max(0, count) } }

    /// Without the first so many.
    public func skipping(_ count: Int) -> Self { with { $0.skipped = Swift.max(0, count) } }

    /// How many objects travel at a time: 1…10,000.
    public func paged(by count: Int) -> Self { with { $0.pageSize = Swift.min(Swift.max(1, count), 10_000) } }

    // MARK: Names

    private var descriptor: ClassDescriptor { ModelFacts.descriptor(of: className) ?? Object.descriptor }
    var nameProperty: String { ModelFacts.nameProperty(of: descriptor) ?? "id" }

    /// Annotations of derived classes hang on links of their base.
    private var annotationLinkClass: String {
        ModelFacts.link(descriptor, Annotation.descriptor).map(ModelFacts.name(of:))
            ?? "\(className)AnnotationLink"
    }
}

extension String {
    /// What `like` takes for itself, with a backslash before it.
    fileprivate var likeEscaped: String {
        var text = ""
        for character in self {
            if character == "%" || character == "_" || character == "\\" { text.append("\\") }
            text.append(character)
        }
        return text
    }
}
