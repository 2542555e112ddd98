import Foundation
import GRDB

@testable import OMEROStore

/// All rows of a store, as PostgreSQL's `COPY` reads them.
enum CopiedRows {
    static func script(_ transaction: ReadTransaction) throws -> String {
        var script = "BEGIN;\n"
        for table in DataModel.tables + Table.outsideModel {
            let names = table.columns.map { $0.name.quoted }.joined(separator: ", ")
            let rows = try Row.fetchAll(transaction.db, sql: "SELECT \(names) FROM \(table.name.quoted)")
            guard !rows.isEmpty else { continue }
            script += "COPY \(table.name.quoted) (\(names)) FROM STDIN;\n"
            for row in rows {
                let fields = try table.columns.enumerated().map { index, column in
                    try text(row[index] as DatabaseValue, column.type).map(escaped) ?? "\\N"
                }
                script += fields.joined(separator: "\t") + "\n"
            }
            script += "\\.\n"
        }
        return script + "COMMIT;\nANALYZE;\n"
    }

    private static func text(_ value: DatabaseValue, _ type: DataType) throws -> String? {
        switch (value.storage, type) {
        case (.null, _): nil
        case (.int64(let number), .bool): number == 0 ? "f" : "t"
        case (.int64(let number), .time): PostgreSQLTime.text(number)
        case (.int64(let number), _): "\(number)"
        case (.double(let number), _): "\(number)"
        case (.string(let text), .strings):
            SQLValue.texts(try JSONDecoder().decode([String].self, from: Data(text.utf8))).postgreSQLText
        case (.string(let text), _): text
        case (.blob(let data), _):
            "\\x" + data.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\t", with: "\\t").replacing("\n", with: "\\n")
            .replacing("\r", with: "\\r")
    }
}
