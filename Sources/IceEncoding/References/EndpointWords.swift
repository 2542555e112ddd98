/// A word of an endpoint's string, without its quotation marks.
struct EndpointWord: Hashable {
    var text: String
    /// Where it begins in the whole string.
    var position: Int

    var isOption: Bool { text.utf8.first == UInt8(ascii: "-") }
    /// The letter after the dash. Ice looks no further for most options, so that `-timeout` is `-t`.
    var letter: UInt8? { text.utf8.dropFirst().first }
}

/// The strings of endpoints, as words and options.
enum EndpointWords {
    /// Splits an endpoint into words. Both kinds of quotation marks hold words together, also in the middle of one.
    static func split(_ bytes: ArraySlice<UInt8>) throws(ReferenceParseError) -> [EndpointWord] {
        var words: [EndpointWord] = []
        var word: [UInt8] = []
        var start = bytes.startIndex
        var quote: (mark: UInt8, position: Int)?
        func endWord() {
            // As in Ice, an empty pair of quotation marks is no word.
            guard !word.isEmpty else { return }
            words.append(EndpointWord(text: String(decoding: word, as: UTF8.self), position: start))
            word = []
        }
        var index = bytes.startIndex
        while index < bytes.endIndex {
            var byte = bytes[index]
            let next = index + 1 < bytes.endIndex ? bytes[index + 1] : 0
            let isMark = byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'")
            if quote == nil, isMark {
                quote = (byte, index)
            } else if let open = quote, byte == open.mark {
                quote = nil
            } else if quote == nil, isReferenceSpace(byte) {
                endWord()
            } else {
                if word.isEmpty { start = index }
                let escapesMark =
                    quote.map { next == $0.mark } ?? (next == UInt8(ascii: "\"") || next == UInt8(ascii: "'"))
                if byte == UInt8(ascii: "\\"), escapesMark {
                    index += 1
                    byte = next
                }
                word.append(byte)
            }
            index += 1
        }
        endWord()
        if let quote { throw ReferenceParseError(.endpoint, .mismatchedQuotes, at: quote.position) }
        return words
    }

    /// Gives each option with its argument to `accept`, and keeps the words that it doesn't take.
    static func takeOptions(
        from words: inout [EndpointWord],
        _ accept: (EndpointWord, EndpointWord?) throws(ReferenceParseError) -> Bool
    ) throws(ReferenceParseError) {
        var left: [EndpointWord] = []
        var rest = words[...]
        while let option = rest.popFirst() {
            guard option.isOption, option.letter != nil else {
                left.append(option)
                continue
            }
            var argument: EndpointWord?
            if let next = rest.first, !next.isOption {
                argument = next
                rest.removeFirst()
            }
            if try !accept(option, argument) {
                left.append(option)
                if let argument { left.append(argument) }
            }
        }
        words = left
    }

    /// The text of an argument that must be there.
    static func required(_ argument: EndpointWord?, of option: EndpointWord) throws(ReferenceParseError) -> String {
        guard let argument else {
            throw ReferenceParseError(.endpoint, .missingArgument(option: option.text), at: option.position)
        }
        return argument.text
    }

    /// The error of an argument with a value that the option cannot have.
    static func invalid(_ argument: EndpointWord?, of option: EndpointWord) -> ReferenceParseError {
        let text = argument?.text ?? ""
        return ReferenceParseError(
            .endpoint,
            .invalidArgument(option: option.text, argument: text),
            at: argument?.position ?? option.position
        )
    }

    /// Throws when an option that takes no argument has one.
    static func refuse(_ argument: EndpointWord?, of option: EndpointWord) throws(ReferenceParseError) {
        guard let argument else { return }
        throw ReferenceParseError(
            .endpoint,
            .unexpectedArgument(option: option.text, argument: argument.text),
            at: argument.position
        )
    }

    /// Where each of several endpoints begins and ends: they are separated by colons that no pair of double quotation
    /// marks encloses. (Single ones don't protect a colon in Ice either.)
    static func ranges(in bytes: ArraySlice<UInt8>) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = bytes.startIndex
        var isQuoted = false
        let lastMark = bytes.lastIndex(of: UInt8(ascii: "\""))
        for index in bytes.indices {
            switch bytes[index] {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ":"):
                // An open quotation mark without another one after the colon protects nothing.
                if isQuoted, let lastMark, lastMark > index { continue }
                ranges.append(start..<index)
                start = index + 1
                isQuoted = false
            default: break
            }
        }
        ranges.append(start..<bytes.endIndex)
        return ranges
    }
}
