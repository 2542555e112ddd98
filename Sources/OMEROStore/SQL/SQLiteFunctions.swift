internal import GRDB

/// Functions that SQLite has not, or only for English: OMERO's database folds the case of all letters, and `like`
/// minds it.
enum SQLiteFunctions {
    static func add(to db: Database) {
        db.add(
            function: DatabaseFunction("omero_lower", argumentCount: 1, pure: true) { values in
                String.fromDatabaseValue(values[0])?.lowercased()
            }
        )
        db.add(
            function: DatabaseFunction("omero_upper", argumentCount: 1, pure: true) { values in
                String.fromDatabaseValue(values[0])?.uppercased()
            }
        )
        // The text, the pattern, the character that takes the meaning from % and _, and whether case is ignored.
        db.add(
            function: DatabaseFunction("omero_like", argumentCount: 4, pure: true) { values in
                guard let text = String.fromDatabaseValue(values[0]), let pattern = String.fromDatabaseValue(values[1])
                else { return nil }
                let ignoresCase = Bool.fromDatabaseValue(values[3]) ?? false
                let escape = String.fromDatabaseValue(values[2])?.unicodeScalars.first ?? "\\"
                return ignoresCase
                    ? matches(text.lowercased(), pattern.lowercased(), escape: escape)
                    : matches(text, pattern, escape: escape)
            }
        )
    }

    private enum Part: Equatable {
        case anything
        case one
        case exactly(Unicode.Scalar)
    }

    /// Whether a text fits a pattern: % stands for any characters, _ for one. It takes no more steps than both lengths
    /// multiplied, whatever the pattern.
    static func matches(_ text: String, _ pattern: String, escape: Unicode.Scalar) -> Bool {
        var parts: [Part] = []
        var isEscaped = false
        for scalar in pattern.unicodeScalars {
            if isEscaped || (scalar != escape && scalar != "%" && scalar != "_") {
                parts.append(.exactly(scalar))
                isEscaped = false
            } else if scalar == escape {
                isEscaped = true
            } else if scalar == "_" {
                parts.append(.one)
            } else if parts.last != .anything {
                parts.append(.anything)
            }
        }
        let scalars = Array(text.unicodeScalars)
        var position = 0
        var part = 0
        // Where to go on when what follows the last % does not fit.
        var retry: (position: Int, part: Int)?
        while position < scalars.count {
            if part < parts.count, parts[part] == .anything {
                retry = (position, part)
                part += 1
            } else if part < parts.count, parts[part] == .one || parts[part] == .exactly(scalars[position]) {
                position += 1
                part += 1
            } else if let last = retry {
                retry = (last.position + 1, last.part)
                position = last.position + 1
                part = last.part + 1
            } else {
                return false
            }
        }
        return parts[part...].allSatisfy { $0 == .anything }
    }
}
