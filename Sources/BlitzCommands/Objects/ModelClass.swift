import ArgumentParser
import IceEncoding
import OMEROModel

/// A class of OMERO's model, by the name that people type: `project`, `Projects`, `tag`, `PlateAcquisition`.
struct ModelClass: ExpressibleByArgument, Sendable {
    let descriptor: ClassDescriptor

    /// As HQL has it, such as `Project`.
    var name: String { Self.name(of: descriptor) }

    /// The property that people call an object by; nil if the class has none.
    var nameProperty: String? {
        let fields = descriptor.allFields.map(\.name)
        return ["name", "omeName", "textValue", "value"].first { fields.contains("_\($0)") }
    }

    /// Whether each object has an owner and a group. Entries of enumerations and what OMERO keeps of itself have none;
    /// but for a few, they are what has no version.
    var isOwned: Bool {
        let others = [
            "Experimenter", "ExperimenterGroup", "GroupExperimenterMap", "Namespace", "Node", "Session", "Share",
            "ShareMember",
        ]
        return descriptor.allFields.contains { $0.name == "_version" } && !others.contains(name)
    }

    init?(argument: String) {
        let lower = argument.lowercased()
        let candidates = [Self.aliases[lower], argument, argument.capitalizedFirst].compactMap(\.self)
        let singular =
            lower.hasSuffix("s")
            ? [Self.aliases[String(lower.dropLast())], String(argument.dropLast()).capitalizedFirst] : []
        for name in candidates + singular.compactMap(\.self) {
            guard let found = omeroModelTypes.classDescriptor("::omero::model::\(name)"),
                found.isA("::omero::model::IObject")
            else { continue }
            descriptor = found
            return
        }
        return nil
    }

    static func name(of descriptor: ClassDescriptor) -> String {
        descriptor.typeID.split(separator: ":").last.map(String.init) ?? descriptor.typeID
    }

    /// What is not found by making the first letter large.
    private static let aliases = [
        "tag": "TagAnnotation", "comment": "CommentAnnotation", "rating": "LongAnnotation",
        "keyvalue": "MapAnnotation", "map": "MapAnnotation", "attachment": "FileAnnotation",
        "file": "OriginalFile", "run": "PlateAcquisition", "plateacquisition": "PlateAcquisition", "roi": "Roi",
        "wellsample": "WellSample", "user": "Experimenter", "group": "ExperimenterGroup",
        "originalfile": "OriginalFile", "tagannotation": "TagAnnotation",
    ]

    static var allValueStrings: [String] {
        [
            "project", "dataset", "image", "screen", "plate", "well", "run", "tag", "comment", "map", "file", "roi",
            "folder",
        ]
    }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

/// `Image:5`: a class and a number.
struct ObjectReferenceArgument: ExpressibleByArgument, Sendable {
    let type: ModelClass
    let id: Int64

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let type = ModelClass(argument: String(parts[0])), let id = Int64(parts[1]), id >= 0
        else { return nil }
        self.type = type
        self.id = id
    }
}

/// Which groups are asked about.
enum GroupScope: ExpressibleByArgument, Sendable, Hashable {
    case all
    case named(String)

    init?(argument: String) {
        guard !argument.isEmpty else { return nil }
        self = argument == "all" || argument == "-1" ? .all : .named(argument)
    }
}
