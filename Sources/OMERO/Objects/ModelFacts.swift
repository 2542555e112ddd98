import IceEncoding
import OMEROModel

/// What the data model says of classes, as far as listing and linking needs it.
enum ModelFacts {
    /// `::omero::model::Project` is `Project`, in HQL and in commands.
    static func name(of type: any IObjectProtocol.Type) -> String { name(of: type.descriptor) }
    static func name(of descriptor: ClassDescriptor) -> String {
        descriptor.typeID.split(separator: ":").last.map(String.init) ?? descriptor.typeID
    }

    static func fields(of descriptor: ClassDescriptor) -> [String] {
        descriptor.allFields.map { field in
            var name = Substring(field.name)
            if name.hasPrefix("_") { name = name.dropFirst() }
            if name.hasSuffix("Seq") { name = name.dropLast(3) }
            return String(name)
        }
    }

    static func has(_ property: String, _ descriptor: ClassDescriptor) -> Bool {
        fields(of: descriptor).contains(property)
    }

    /// What people call an object by: its name, a user's log-in name, a tag's text.
    static func nameProperty(of descriptor: ClassDescriptor) -> String? {
        let fields = fields(of: descriptor)
        return ["textValue", "omeName", "name"].first { fields.contains($0) }
    }

    /// How objects of a class are in those of another: the rows of `relation` say which is in which.
    struct Way: Equatable {
        /// The class that holds.
        let parent: String
        /// The class whose rows say it: links, the children themselves, or what stands between.
        let relation: String
        /// Of these rows, the child's number and the parent's.
        let lower: String
        let upper: String
        /// Whether what is in none of its kind is called an orphan.
        var isHome = true

        static func links(_ parent: String, _ relation: String, isHome: Bool = true) -> Way {
            Way(parent: parent, relation: relation, lower: "child.id", upper: "parent.id", isHome: isHome)
        }
        static func property(_ name: String, of child: String, _ parent: String, isHome: Bool = true) -> Way {
            Way(parent: parent, relation: child, lower: "id", upper: "\(name).id", isHome: isHome)
        }
    }

    /// What directly holds objects of that class.
    static func upwards(from name: String) -> [Way] {
        switch name {
        case "Dataset": [.links("Project", "ProjectDatasetLink")]
        case "Image":
            [
                .links("Dataset", "DatasetImageLink"),
                Way(parent: "Well", relation: "WellSample", lower: "image.id", upper: "well.id"),
                .links("Folder", "FolderImageLink", isHome: false),
            ]
        case "Plate": [.links("Screen", "ScreenPlateLink")]
        case "PlateAcquisition": [.property("plate", of: name, "Plate")]
        case "Well": [.property("plate", of: name, "Plate")]
        case "WellSample":
            [
                .property("well", of: name, "Well"),
                .property("plateAcquisition", of: name, "PlateAcquisition", isHome: false),
            ]
        case "Roi": [.property("image", of: name, "Image"), .links("Folder", "FolderRoiLink", isHome: false)]
        case "Folder": [.property("parentFolder", of: name, "Folder")]
        case "Pixels": [.property("image", of: name, "Image")]
        case "Channel": [.property("pixels", of: name, "Pixels")]
        case "TagAnnotation": [.links("TagAnnotation", "AnnotationAnnotationLink")]
        default: isA(name, "Shape") ? [.property("roi", of: name, "Roi")] : []
        }
    }

    /// What is directly in objects of that class.
    static func downwards(from name: String) -> [(child: String, way: Way)] {
        [
            "Dataset", "Image", "Plate", "PlateAcquisition", "Well", "WellSample", "Roi", "Shape", "Folder", "Pixels",
            "Channel", "TagAnnotation",
        ].flatMap { child in upwards(from: child).filter { $0.parent == name }.map { (child, $0) } }
    }

    /// The steps from a class up to another, the shortest way first.
    static func ways(from child: String, to parent: String) -> [[Way]] {
        var found: [[Way]] = []
        var open: [[Way]] = upwards(from: child).map { [$0] }
        while !open.isEmpty {
            let chain = open.removeFirst()
            guard let last = chain.last else { continue }
            if last.parent == parent {
                found.append(chain)
            } else {
                // What is in its like, such as folders in folders, is another question.
                open += upwards(from: last.parent).filter { next in !chain.contains { $0.parent == next.parent } }
                    .map { chain + [$0] }
            }
        }
        return found
    }

    /// Steps as a part of a query: all relations, how they hang together, and the numbers at both ends.
    struct Chain {
        let from: String
        let conditions: [String]
        let bottom: String
        let top: String

        init(_ ways: [Way]) {
            let names = ways.indices.map { "r\($0)" }
            from = zip(ways, names).map { "\($0.relation) \($1)" }.joined(separator: ", ")
            bottom = ways.first.map { "r0.\($0.lower)" } ?? ""
            top = ways.last.map { "r\(ways.count - 1).\($0.upper)" } ?? ""
            conditions = ways.indices.dropFirst().map {
                "r\($0 - 1).\(ways[$0 - 1].upper) = r\($0).\(ways[$0].lower)"
            }
        }
    }

    /// The class of the links between two classes, if there is one: `ProjectDatasetLink`.
    static func link(_ parent: ClassDescriptor, _ child: ClassDescriptor) -> ClassDescriptor? {
        let parents = ancestry(parent)
        for (parent, child) in parents.flatMap({ parent in ancestry(child).map { (parent, $0) } }) {
            if let found = descriptor(of: "\(parent)\(child)Link") { return found }
        }
        return nil
    }

    static func descriptor(of name: String) -> ClassDescriptor? {
        omeroModelTypes.classDescriptor("::omero::model::\(name)")
    }

    private static func isA(_ name: String, _ base: String) -> Bool {
        descriptor(of: name).map { ancestry($0).contains(base) } ?? false
    }

    /// The class and its bases, by name.
    private static func ancestry(_ descriptor: ClassDescriptor) -> [String] {
        var names: [String] = []
        var next: ClassDescriptor? = descriptor
        while let current = next {
            names.append(name(of: current))
            next = current.base
        }
        return names
    }
}
