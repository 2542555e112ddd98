internal import GRDB

// Where images come from, as far as it decides who may have their files.
extension ReadTransaction {
    /// Whether an image is in a well of a plate.
    public func isInWell(image id: Int64) throws -> Bool {
        try row("SELECT 1 FROM wellsample WHERE image = ? LIMIT 1", [id]) != nil
    }

    /// For each image that was imported from a file, whether it is in a well.
    public func areInWells(imagesOfFile id: Int64) throws -> [Bool] {
        try rows(
            """
            SELECT EXISTS (SELECT 1 FROM wellsample w WHERE w.image = i.id) FROM filesetentry e \
            JOIN image i ON i.fileset = e.fileset WHERE e.originalfile = ?
            """,
            [id]
        ).map { $0[0] }
    }

    /// Name and type of a file; nil if there is none.
    public func nameAndType(ofFile id: Int64) throws -> (name: String, mimetype: String?)? {
        try row("SELECT name, mimetype FROM originalfile WHERE id = ?", [id]).map { ($0[0], $0[1]) }
    }
}
