extension Character {
    /// Control characters, and those that one program or another takes for the end of a line.
    var endsLines: Bool { isNewline || unicodeScalars.contains { $0.value < 0x20 || (0x7f...0x9f).contains($0.value) } }
}

extension StringProtocol {
    /// Without space at both ends.
    var trimmingSpace: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
