import Crypto
import IceEncoding
import NIOCore

/// A message for people, in the manner of Ice's own protocol trace (`Ice.Trace.Protocol`).
///
/// Parameters are never shown. Identities and contexts are, but what looks like a key in them is not: OMERO puts
/// session keys into both, and whoever has a session's key has the session.
struct MessageDump: CustomStringConvertible {
    let description: String

    private init(text: String) { description = text }

    init(_ bytes: ByteBuffer) {
        var frames = FrameDecoder(messageSizeMax: .max)
        frames.append(bytes)
        do {
            guard let frame = try frames.next() else {
                self.init(text: "incomplete message of \(bytes.readableBytes) bytes")
                return
            }
            self.init(frame)
        } catch {
            self.init(text: "not a message: \(error)")
        }
    }

    init(_ frame: Frame) {
        var lines = [
            "message type = \(frame.header.kind.rawValue) (\(frame.header.kind.title))",
            "compression status = \(frame.header.compression.rawValue) (\(frame.header.compression.title))",
            "message size = \(frame.header.messageSize)",
        ]
        do {
            var frame = frame
            if frame.header.compression == .yes {
                frame.body = try decompressBody(frame.body, limit: 1 << 28)
            }
            switch try Message(frame) {
            case .request(let request):
                lines.append("request id = \(request.header.id)\(request.header.id == 0 ? " (oneway)" : "")")
                lines += Self.lines(request)
            case .batchRequest(let requests):
                lines.append("number of requests = \(requests.count)")
                for (index, request) in requests.enumerated() {
                    lines.append("request #\(index):")
                    lines += Self.lines(request)
                }
            case .reply(let reply):
                lines.append("request id = \(reply.id)")
                lines += Self.lines(reply.status)
            case .validateConnection, .closeConnection:
                break
            }
        } catch {
            lines.append("malformed: \(error)")
        }
        description = lines.joined(separator: "\n")
    }

    private static func lines(_ request: RequestMessage) -> [String] {
        let header = request.header
        let context = header.context.sorted { $0.key < $1.key }
            .map { "\($0.key)/\(Redaction.isSecret($0.key) ? "***" : Redaction.redact($0.value))" }
        return [
            "identity = \(Redaction.redact(header.identity.description))",
            "facet = \(header.facet)",
            "operation = \(header.operation)",
            "mode = \(header.mode.rawValue) (\(header.mode))",
            "context = \(context.joined(separator: ", "))",
            "encoding = \(request.parameters.encoding)",
            "parameters = \(request.parameters.bytes.readableBytes) bytes",
        ]
    }

    private static func lines(_ status: ReplyStatus) -> [String] {
        switch status {
        case .ok(let result):
            return [
                "reply status = 0 (ok)", "encoding = \(result.encoding)",
                "result = \(result.bytes.readableBytes) bytes",
            ]
        case .userException(let exception):
            return [
                "reply status = 1 (user exception)", "encoding = \(exception.encoding)",
                "exception = \(exception.bytes.readableBytes) bytes",
            ]
        case .objectNotExist(let failure), .facetNotExist(let failure), .operationNotExist(let failure):
            return [
                "reply status = \(status.number) (does not exist)",
                "identity = \(Redaction.redact(failure.identity.description))",
                "facet = \(failure.facet)",
                "operation = \(failure.operation)",
            ]
        case .unknownLocalException, .unknownUserException, .unknownException:
            return ["reply status = \(status.number) (unknown exception)"]
        }
    }
}

extension MessageHeader.Kind {
    fileprivate var title: String {
        switch self {
        case .request: "request"
        case .batchRequest: "batch request"
        case .reply: "reply"
        case .validateConnection: "validate connection"
        case .closeConnection: "close connection"
        }
    }
}

extension MessageHeader.Compression {
    fileprivate var title: String {
        switch self {
        case .no: "not compressed; do not compress response, if any"
        case .onRequest: "not compressed; compress response, if any"
        case .yes: "compressed; compress response, if any"
        }
    }
}

/// Keeps keys out of what people read.
enum Redaction {
    /// Whether a context's value is hidden altogether because of its name.
    static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        return ["pass", "secret", "token", "session", "credential"].contains { key.contains($0) }
    }

    /// `text` with everything that looks like a UUID replaced by a short hash of it: still good for telling two apart.
    static func redact(_ text: String) -> String {
        guard text.utf8.count >= 36 else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if index + 36 <= bytes.count, isUUID(bytes[index..<index + 36]) {
                let digest = SHA256.hash(data: bytes[index..<index + 36])
                let short = digest.prefix(4).map { byte in
                    let digits = String(byte, radix: 16)
                    return digits.count == 1 ? "0" + digits : digits
                }.joined()
                result += Array("#\(short)".utf8)
                index += 36
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func isUUID(_ bytes: ArraySlice<UInt8>) -> Bool {
        for (offset, byte) in bytes.enumerated() {
            switch offset {
            case 8, 13, 18, 23: guard byte == UInt8(ascii: "-") else { return false }
            default:
                guard
                    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
                else { return false }
            }
        }
        return true
    }
}
