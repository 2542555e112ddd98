internal import Foundation
public import OMEROModel

/// Queries of OMERO's clients, one a line.
public enum ClientQueries {
    /// Those of omero-py's gateway and plugins, as they stand in its source; the shapes of OMERO.web's; and what both sent
    /// when scripts/record-queries ran them.
    public static let all = lines("queries.txt") + lines("web-queries.txt") + recorded
    public static let recorded = lines("recorded-queries.txt")

    private static func lines(_ name: String) -> [String] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Data/\(name)")
        let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    /// A value for each parameter that one of them has.
    public static func parameters(
        of query: String, text: String = "x", number: Int64 = 1, ids: [RValue] = [0, 1]
    ) -> [String: RValue?] {
        let texts: Set = [
            "name", "value", "ns", "val", "start", "mimetype", "mt", "action", "type", "ratingns", "omeName",
        ]
        let lists: Set = ["ids", "gids", "pids", "oids", "ann_ids", "usedAnnIds", "children"]
        var values: [String: RValue?] = [:]
        for part in query.split(separator: ":", omittingEmptySubsequences: false).dropFirst() {
            let name = String(part.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
            values[name] =
                if texts.contains(name) {
                    .string(text)
                } else if lists.contains(name) {
                    .list(ids)
                } else if ["nss", "x", "default_names"].contains(name) {
                    .list([.string(text)])
                } else {
                    .long(number)
                }
        }
        return values
    }
}
