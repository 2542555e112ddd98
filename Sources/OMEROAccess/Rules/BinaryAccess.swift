/// Whether the pixels and files of an object can be had: `omero.policy.binary_access`, of the server and of the group.
public struct BinaryAccess: Sendable, Hashable {
    /// The server's setting unless the configuration has another.
    public static let defaultSetting = "+read,+write,+image"
    /// The extended restriction that objects carry.
    public static let restriction = "RESTRICT-BINARY-ACCESS"

    /// What the setting is about.
    public enum Feature: String, Sendable, Hashable, CaseIterable {
        /// They can be had by who may not edit the object, too.
        case read
        /// They can be had at all.
        case write
        /// Those of images outside plates.
        case image
        /// Those of plates, their wells and images.
        case plate
    }

    /// What is asked for.
    public enum Subject: Sendable, Hashable {
        /// An image, which may belong to a plate.
        case image(hasWellSamples: Bool)
        /// A plate, or a well of one.
        case plate, well
        /// `images`: whether there are well samples, by image of the fileset; empty if it is in none.
        case originalFile(name: String, images: [Bool])
        /// Everything else, file annotations included.
        case other
    }

    private let settings: Set<String>

    /// - Parameters:
    ///   - server: `omero.policy.binary_access` of the server's configuration, a list with commas.
    ///   - group: the entries of this name in the group's configuration.
    public init(server: String = defaultSetting, group: [String] = []) {
        var settings: Set<String> = []
        for list in [server] + group {
            for entry in list.split(separator: ",") {
                settings.insert(String(entry.filter { !$0.isWhitespace }))
            }
        }
        self.settings = settings
    }

    /// `-` anywhere forbids; else `+` anywhere allows; else it is forbidden.
    public func allows(_ feature: Feature) -> Bool {
        !settings.contains("-\(feature.rawValue)") && settings.contains("+\(feature.rawValue)")
    }

    /// Whether an object carries the restriction, which is for everybody: the owner too.
    ///
    /// - Parameters:
    ///   - subject: what the object is, and what it comes from.
    ///   - mayEdit: whether the caller may edit it.
    public func restricts(_ subject: Subject, mayEdit: Bool) -> Bool {
        if !allows(.write) { return true }
        if !allows(.read), !mayEdit { return true }
        switch subject {
        case .plate, .well: return !allows(.image) || !allows(.plate)
        case .image(let hasWellSamples): return restrictsImages([hasWellSamples])
        case .originalFile(let name, let images): return !name.hasSuffix(".txt") && restrictsImages(images)
        case .other: return false
        }
    }

    private func restrictsImages(_ haveWellSamples: [Bool]) -> Bool {
        !haveWellSamples.isEmpty && (!allows(.image) || (haveWellSamples.contains(true) && !allows(.plate)))
    }

    /// Whether the raw bytes may be read.
    public func authorizeDownload(
        of object: ObjectFacts, _ subject: Subject, mayEdit: Bool
    ) throws(AccessRefusal) {
        if restricts(subject, mayEdit: mayEdit) {
            throw .securityViolation("Download is restricted for \(object.label)")
        }
    }
}
