import IceEncoding
import NIOCore
import Synchronization

/// The requests that a batch proxy has collected.
final class BatchQueue: Sendable {
    struct Requests: Sendable {
        fileprivate var bytes = ByteBuffer()
        fileprivate var count: Int32 = 0

        /// The batch request message.
        func message(compression: Bool, communicator: Communicator) throws -> ByteBuffer {
            var message = ByteBufferAllocator().buffer(capacity: MessageHeader.size + 4 + bytes.readableBytes)
            MessageHeader.write(.batchRequest, to: &message)
            message.writeInteger(count, endianness: .little)
            message.writeImmutableBuffer(bytes)
            try MessageHeader.patchSize(of: &message, from: 0)
            return compression
                ? try compress(message, level: communicator.configuration.compressionLevel) : message
        }
    }

    private let requests = Mutex(Requests())

    func add(
        _ header: RequestHeader,
        encoding: EncodingVersion,
        format: SliceFormat,
        _ write: (inout IceOutputStream) throws -> Void
    ) throws {
        var stream = IceOutputStream(encoding: .v1_0)
        header.write(to: &stream)
        try Message.appendEncapsulation(to: &stream, encoding: encoding, format: format, write)
        let request = try stream.finish()
        requests.withLock { requests in
            requests.bytes.writeImmutableBuffer(request)
            requests.count += 1
        }
    }

    /// Takes what was collected; nil if that is nothing.
    func take() -> Requests? {
        requests.withLock { requests in
            defer { requests = Requests() }
            return requests.count == 0 ? nil : requests
        }
    }
}
