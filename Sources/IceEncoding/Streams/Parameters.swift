// How the parameters or results of an operation end. Whoever writes or reads a whole encapsulation calls these once;
// generated code needs not.

extension IceOutputStream {
    /// Ends parameters or results: in encoding 1.0 the class instances that they refer to follow here.
    ///
    /// They follow, if only as an empty list, whenever the types of the parameters allow an instance, an empty
    /// sequence of instances included; the reader expects them by its types too.
    public mutating func finishParameters() {
        if encoding == .v1_0, usesClasses || instances != nil { writePendingInstances() }
    }

    /// Notes that instances may be expected after the parameters although none was written.
    @usableFromInline
    mutating func note(_ type: SliceType) {
        if encoding == .v1_0, !usesClasses { usesClasses = type.usesClasses }
    }
}

extension IceInputStream {
    /// Ends parameters or results: skips optional ones that were not asked for, reads the class instances that follow
    /// in encoding 1.0, and sees that nothing is left. Handles that were read can be looked into afterwards.
    public mutating func finish() throws(MarshalError) {
        if encoding == .v1_0 {
            if usesClasses || instances != nil { try readPendingInstances() }
            // Ice before 3.3 could send one byte too many, and all of Ice takes it.
            if remaining == 1 { try skip(1) }
        } else {
            while remaining > 0 { try skipOptional() }
            try readPendingInstances()
        }
        try expectEnd()
    }

    private mutating func skipOptional() throws(MarshalError) {
        let position = position
        let byte = try readByte()
        guard byte != Self.optionalEndMarker, let format = OptionalFormat(rawValue: byte & 7) else {
            throw MarshalError(.trailingBytes(remaining + 1), at: position)
        }
        if byte >> 3 == 30 { _ = try readSize() }
        try skipOptional(format)
    }

    /// Notes that instances may follow the parameters although none was read.
    @usableFromInline
    mutating func note(_ type: SliceType) {
        if encoding == .v1_0, !usesClasses { usesClasses = type.usesClasses }
    }
}
