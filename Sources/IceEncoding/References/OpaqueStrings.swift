import NIOCore

extension OpaqueEndpoint {
    /// Reads `-t`, `-e` and `-v` and leaves the other words.
    init(options words: inout [EndpointWord], at position: Int) throws(ReferenceParseError) {
        self.init(type: -1, encoding: .v1_0, bytes: ByteBuffer())
        try EndpointWords.takeOptions(from: &words) { (option, argument) throws(ReferenceParseError) in
            switch option.letter {
            case UInt8(ascii: "t"):
                guard type < 0 else {
                    throw ReferenceParseError(.endpoint, .repeatedOption(option.text), at: option.position)
                }
                guard let number = parseReferenceNumber(try EndpointWords.required(argument, of: option)),
                    let number = UInt16(exactly: number)
                else { throw EndpointWords.invalid(argument, of: option) }
                type = Int16(bitPattern: number)
            case UInt8(ascii: "e"):
                guard let version = parseReferenceVersion(try EndpointWords.required(argument, of: option)) else {
                    throw EndpointWords.invalid(argument, of: option)
                }
                encoding = EncodingVersion(major: version.major, minor: version.minor)
            case UInt8(ascii: "v"):
                guard bytes.readableBytes == 0 else {
                    throw ReferenceParseError(.endpoint, .repeatedOption(option.text), at: option.position)
                }
                guard let decoded = ReferenceBase64.decode(try EndpointWords.required(argument, of: option)) else {
                    throw EndpointWords.invalid(argument, of: option)
                }
                bytes = ByteBuffer(bytes: decoded)
            default: return false
            }
            return true
        }
        // Ice lets `-t` be up to 65535, and then finds that the upper half is negative as a short.
        guard type >= 0 else { throw ReferenceParseError(.endpoint, .missingOption("-t"), at: position) }
        guard bytes.readableBytes > 0 else { throw ReferenceParseError(.endpoint, .missingOption("-v"), at: position) }
    }

    /// The endpoint of a known type that the bytes are.
    func decoded() throws(MarshalError) -> Endpoint {
        guard encoding.isSupported else { throw MarshalError(.unsupportedEncoding(encoding), at: 0) }
        var output = IceOutputStream()
        output.write(type)
        output.write(Encapsulation(encoding: encoding, bytes: bytes))
        var input = IceInputStream(output.buffer)
        let endpoint = try Endpoint(from: &input)
        // What is left over shows in the length of the endpoint when written again.
        var again = IceOutputStream(encoding: encoding)
        again.write(endpoint)
        let leftOver = output.buffer.readableBytes - again.buffer.readableBytes
        // Ice's streams let an encapsulation in encoding 1.0 have one byte too many.
        if leftOver == 0 || leftOver == 1 && encoding == .v1_0 { return endpoint }
        let position = bytes.readableBytes - leftOver
        guard encoding != .v1_0, let rest = bytes.getSlice(at: bytes.readerIndex + position, length: leftOver) else {
            throw MarshalError(.trailingBytes(leftOver), at: position)
        }
        // In encoding 1.1 optionals may follow, and the marker that ends them.
        var optionals = IceInputStream(rest, encoding: encoding)
        _ = try optionals.readOptionalHeader(tag: .max, format: .f1)
        if optionals.buffer.readableBytesView.first == IceInputStream.optionalEndMarker { try optionals.skip(1) }
        try optionals.expectEnd()
        return endpoint
    }
}

/// Base64 as Ice reads and writes it.
package enum ReferenceBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    package static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        var rest = bytes[...]
        while !rest.isEmpty {
            let group = Array(rest.prefix(3))
            rest = rest.dropFirst(3)
            let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[$1]) : 0) }
            for index in 0..<4 {
                text.append(index <= group.count ? alphabet[bits >> (18 - 6 * index) & 63] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Nil for other characters. As in Ice, missing characters at the end count as `A`, and `=` may stand anywhere.
    package static func decode(_ text: String) -> [UInt8]? {
        var values: [UInt8?] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): values.append(byte - UInt8(ascii: "A"))
            case UInt8(ascii: "a")...UInt8(ascii: "z"): values.append(byte - UInt8(ascii: "a") + 26)
            case UInt8(ascii: "0")...UInt8(ascii: "9"): values.append(byte - UInt8(ascii: "0") + 52)
            case UInt8(ascii: "+"): values.append(62)
            case UInt8(ascii: "/"): values.append(63)
            case UInt8(ascii: "="): values.append(nil)
            default: return nil
            }
        }
        while !values.count.isMultiple(of: 4) { values.append(0) }
        var bytes: [UInt8] = []
        for group in stride(from: 0, to: values.count, by: 4) {
            let bits = values[group..<(group + 4)].map { $0 ?? 63 }
            bytes.append(bits[0] << 2 | bits[1] >> 4)
            if values[group + 2] != nil { bytes.append(bits[1] << 4 | bits[2] >> 2) }
            if values[group + 3] != nil { bytes.append(bits[2] << 6 | bits[3]) }
        }
        return bytes
    }
}
