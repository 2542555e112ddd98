/// What databases say differently. All else that is written for them is the same for all, so that one database more is
/// one value of this kind more.
protocol SQLDialect: Sendable {
    // MARK: Statements

    /// The whole statement, with its places as the database writes them.
    func statement(_ text: SQLText) -> SQLStatement
    /// What follows a statement of which only a part is wanted.
    func page(_ page: QueryPage) -> SQLText

    // MARK: Conditions

    /// Whether a value is in a list, which is one place.
    func isIn(_ value: SQLText, _ list: SQLValue) -> SQLText
    /// Whether a text fits a pattern; `escape` takes the meaning from `%` and `_`.
    func like(_ value: SQLText, _ pattern: SQLText, escape: Unicode.Scalar, ignoresCase: Bool) -> SQLText

    // MARK: Values

    // None of these may fail for what is in a row: no database says what of a condition it looks at first, so that the
    // error, or its absence, would tell of rows that the caller may not see. Where there is no value it is null.

    func lower(_ text: SQLText) -> SQLText
    func upper(_ text: SQLText) -> SQLText
    /// From a place, counted from 1, to the end, or so many characters; what is before the text counts too. Null for less
    /// than no characters.
    func substring(_ text: SQLText, from start: SQLText, length: SQLText?) -> SQLText
    /// Where a text first has a part, counted from 1; 0 if nowhere.
    func position(of part: SQLText, in text: SQLText) -> SQLText
    /// `+`, `-`, `*`, `/` or `%` of numbers; of whole numbers it is whole. Null for a division by zero.
    func arithmetic(_ symbol: String, _ left: SQLText, _ right: SQLText, _ type: QueryType) -> SQLText
    /// The sum of the rows' numbers, and their mean.
    func sum(_ values: SQLText, _ type: QueryType) -> SQLText
    func average(_ values: SQLText) -> SQLText
    func absolute(_ value: SQLText) -> SQLText
    /// A number with a fraction becomes the nearest whole one, and of two that are as near the even one. Null for a text
    /// that is no number.
    func cast(_ value: SQLText, from type: QueryType, to target: CastTarget) -> SQLText
    func milliseconds(_ time: SQLText) -> SQLText
    func part(_ part: TimePart, of time: SQLText) -> SQLText
    /// When the period began in which a time is.
    func beginning(of period: TimePeriod, _ time: SQLText) -> SQLText

    // MARK: Tables

    /// What ids come from.
    func sequences(_ names: [String]) -> [String]
    func type(_ column: Table.Column) -> String
    /// A condition on what a column holds that its type does not say; it holds for null.
    func check(_ column: Table.Column) -> String?
    /// Of a column's type, as it is written in statements.
    func literal(_ defaultValue: String, _ column: Table.Column) -> String
    /// What comes after the columns of a table.
    var tableOptions: String { get }
    /// Whether there are tables with counts of links (``LinkCounts``).
    var countsLinks: Bool { get }
    /// Whether a table can only lead to tables that are there already.
    var needsTargetsFirst: Bool { get }
}

/// What a value can be made into.
enum CastTarget: Sendable, Hashable { case int, long, double, text }

/// What times are cut off to, in UTC.
enum TimePeriod: String, Sendable, Hashable {
    case year, month
    /// From Monday on.
    case week
    case day, hour, minute, second
}

/// A part of a time, in UTC.
enum TimePart: String, Sendable, Hashable {
    case year, month, day, hour, minute
    /// The whole ones only.
    case second
    /// Seconds since 1970, with their fraction.
    case epoch
}
