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

    /// The way to the parents of a class: over links of a class of their own, or by a property.
    enum Upwards: Equatable {
        /// The collection of links, whose `parent` it is.
        case links(String, parent: String)
        case property(String, parent: String)
    }

    /// Which containers hold objects of that class, the nearest first.
    static func upwards(from name: String) -> [Upwards] {
        switch name {
        case "Dataset": [.links("projectLinks", parent: "Project")]
        case "Image": [.links("datasetLinks", parent: "Dataset")]
        case "Plate": [.links("screenLinks", parent: "Screen")]
        case "PlateAcquisition": [.property("plate", parent: "Plate")]
        case "Well": [.property("plate", parent: "Plate")]
        case "WellSample": [.property("well", parent: "Well")]
        case "Roi": [.property("image", parent: "Image")]
        case "Shape": [.property("roi", parent: "Roi")]
        case "Folder": [.property("parentFolder", parent: "Folder")]
        case "Pixels": [.property("image", parent: "Image")]
        default: []
        }
    }

    /// The class of the links between two classes, if there is one: `ProjectDatasetLink`.
    static func link(_ parent: ClassDescriptor, _ child: ClassDescriptor) -> ClassDescriptor? {
        let parents = ancestry(parent)
        for (parent, child) in parents.flatMap({ parent in ancestry(child).map { (parent, $0) } }) {
            if let found = omeroModelTypes.classDescriptor("::omero::model::\(parent)\(child)Link") { return found }
        }
        return nil
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
