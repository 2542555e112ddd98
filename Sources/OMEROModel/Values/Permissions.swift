public import IceEncoding

/// What may be done with an object: the permissions of its group, and what this user may do.
///
/// The rights are bits of `perm1`, as OMERO numbers them: for user, group and world each read (4), write (2) and
/// annotate (1), shifted by 8, 4 and 0. What the user who asked may do is in the restrictions, which the server
/// computes per call; without any nothing is restricted.
public struct Permissions: Sendable, Hashable {
    /// The rights, as OMERO stores them; -1 (all bits) is what an object has that was never saved.
    public var rawValue: Int64
    /// By ``Action``: whether it is forbidden. Empty if the server said nothing.
    public var restrictions: [Bool]
    /// Names of further restrictions, such as `RESTRICT-BINARY-ACCESS`.
    public var extendedRestrictions: [String]

    public init(rawValue: Int64 = -1, restrictions: [Bool] = [], extendedRestrictions: [String] = []) {
        self.rawValue = rawValue
        self.restrictions = restrictions
        self.extendedRestrictions = extendedRestrictions
    }

    /// Whose right it is; the number of bits by which it is shifted.
    public enum Role: Int64, Sendable, Hashable, CaseIterable {
        /// The owner.
        case user = 8
        /// The other members of the group.
        case group = 4
        /// Everybody else.
        case world = 0
    }
    /// What may be done; the bit.
    public enum Right: Int64, Sendable, Hashable, CaseIterable {
        /// See it.
        case read = 4
        /// Change and delete it.
        case write = 2
        /// Annotate it.
        case annotate = 1
    }
    /// What this user may do; the index into ``restrictions`` (omero.constants.permissions).
    public enum Action: Int, Sendable, Hashable, CaseIterable {
        /// Link it to another object.
        case link
        /// Change it.
        case edit
        /// Delete it.
        case delete
        /// Annotate it.
        case annotate
        /// Move it into another group.
        case chgrp
        /// Give it to another user.
        case chown
    }

    /// Whether `role` has a right.
    public subscript(role: Role, right: Right) -> Bool {
        get { rawValue & (right.rawValue << role.rawValue) != 0 }
        set {
            let bit = right.rawValue << role.rawValue
            rawValue = newValue ? rawValue | bit : rawValue & ~bit
        }
    }

    /// Whether the user who asked may do it.
    public func allows(_ action: Action) -> Bool {
        !(action.rawValue < restrictions.count && restrictions[action.rawValue])
    }

    /// Whether the user who asked may link the object.
    public var canLink: Bool { allows(.link) }
    /// Whether the user who asked may change it.
    public var canEdit: Bool { allows(.edit) }
    /// Whether the user who asked may delete it.
    public var canDelete: Bool { allows(.delete) }
    /// Whether the user who asked may annotate it.
    public var canAnnotate: Bool { allows(.annotate) }
    /// Whether the user who asked may move it into another group.
    public var canChgrp: Bool { allows(.chgrp) }
    /// Whether the user who asked may give it to another user.
    public var canChown: Bool { allows(.chown) }
}

extension Permissions {
    /// Such as `rwra--`, as OMERO writes permissions: for user, group and world `r` and then `w` (write) or `a`
    /// (annotate), or `-`. The letter case does not count, nor does a leading `L`, which must be a capital.
    public init?(_ text: String) {
        let letters = Array((text.hasPrefix("L") ? text.dropFirst() : text[...]).lowercased())
        guard letters.count == 6 else { return nil }
        rawValue = -1
        restrictions = []
        extendedRestrictions = []
        for (number, role) in Role.allCases.enumerated() {
            let (read, write) = (letters[number * 2], letters[number * 2 + 1])
            guard "r-_".contains(read), "aw-_".contains(write) else { return nil }
            self[role, .read] = read == "r"
            self[role, .annotate] = write == "a" || write == "w"
            self[role, .write] = write == "w"
        }
    }
}

extension Permissions: CustomStringConvertible {
    /// Such as `rwra--`.
    public var description: String {
        Role.allCases.map { role in
            (self[role, .read] ? "r" : "-") + (self[role, .write] ? "w" : self[role, .annotate] ? "a" : "-")
        }.joined()
    }
}

extension Permissions: BoxedValue {
    /// The class that carries them on the wire.
    public static let boxDescriptor = ClassDescriptor(
        "::omero::model::Permissions",
        fields: [
            .init("_restrictions", .sequence(.bool)),
            .init("_extendedRestrictions", .sequence(.string)),
            .init("_perm1", .long),
        ]
    )

    public init(box: BoxContent) {
        self.init(rawValue: box[2], restrictions: box[0], extendedRestrictions: box[1])
    }

    public func fill(_ box: RecordDraft) {
        box[0] = restrictions
        box[1] = extendedRestrictions
        box[2] = rawValue
    }
}
