import NIOCore

extension Endpoint: CustomStringConvertible {
    /// The endpoint as Ice 3.6 writes it, such as `tcp -h localhost -p 4064 -t 60000`.
    ///
    /// Where Ice's own string could not be read back, as with white space in a host or resource, this one has the
    /// quotation marks that make it readable.
    public var description: String {
        switch self {
        case .tcp(let address): "tcp\(address.options)"
        case .ssl(let address): "ssl\(address.options)"
        case .ws(let address, let resource): "ws\(address.options)\(Self.resourceOption(resource))"
        case .wss(let address, let resource): "wss\(address.options)\(Self.resourceOption(resource))"
        case .udp(let endpoint): "udp\(endpoint.options)"
        case .opaque(let endpoint): "opaque\(endpoint.options)"
        }
    }

    private static func resourceOption(_ resource: String) -> String {
        resource.isEmpty ? "" : " -r \(quoteEndpointWord(resource))"
    }
}

extension IPEndpoint: CustomStringConvertible {
    /// The options as they stand in an endpoint's string, without the protocol.
    public var description: String { String(options.dropFirst()) }

    fileprivate var options: String {
        var text = addressOptions(host: host, port: port)
        if let sourceAddress, !sourceAddress.isEmpty {
            text += " --sourceAddress \(quoteEndpointWord(sourceAddress))"
        }
        text += timeout == -1 ? " -t infinite" : " -t \(timeout)"
        return compress ? text + " -z" : text
    }
}

extension UDPEndpoint {
    fileprivate var options: String {
        var text = addressOptions(host: host, port: port)
        if !multicastInterface.isEmpty { text += " --interface \(quoteEndpointWord(multicastInterface))" }
        if multicastTTL != -1 { text += " --ttl \(multicastTTL)" }
        if connect { text += " -c" }
        return compress ? text + " -z" : text
    }
}

extension OpaqueEndpoint {
    fileprivate var options: String {
        var text = type >= 0 ? " -t \(type)" : ""
        text += " -e \(encoding)"
        // Ice breaks long lines of Base64, and then can't read them; here they stay whole.
        return bytes.readableBytes == 0 ? text : text + " -v \(ReferenceBase64.encode(bytes.readableBytesView))"
    }
}

private func addressOptions(host: String, port: Int32) -> String {
    host.isEmpty ? " -p \(port)" : " -h \(quoteEndpointWord(host)) -p \(port)"
}

/// Puts a word into quotation marks if a colon, white space or quotation marks would end or change it.
private func quoteEndpointWord(_ word: String) -> String {
    let hasMarks = word.utf8.contains { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "'") }
    guard hasMarks || word.utf8.contains(where: { $0 == UInt8(ascii: ":") || isReferenceSpace($0) }) else {
        return word
    }
    return "\"\(word.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\\\""))\""
}
