import NIOCore

/// Sizes the buffers into which a connection is read.
///
/// NIO keeps the buffer with the channel, so the first size is what an idle connection pays: room for one common
/// request. A read that fills it goes on with ordinary sizes at once, but never with such large ones that each read
/// gets fresh pages from the operating system, which costs more than another read.
struct ReceiveAllocator: RecvByteBufferAllocator {
    private static let first: Int32 = 256
    private static let ordinary: Int32 = 2048
    private static let most: Int32 = 1 << 16
    /// So many small reads in a row make the next buffer smaller: a large one may be held by a few bytes of a request.
    private static let patience = 4

    private var size = first
    private var smallReads: Int8 = 0

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer { allocator.buffer(capacity: Int(size)) }

    func nextBufferSize() -> Int? { Int(size) }

    mutating func record(actualReadBytes: Int) -> Bool {
        if actualReadBytes >= size {
            smallReads = 0
            guard size < Self.most else { return false }
            size = size < Self.ordinary ? Self.ordinary : size * 2
            return true
        }
        guard actualReadBytes <= size / 2, size > Self.first else {
            smallReads = 0
            return false
        }
        smallReads += 1
        if smallReads >= Self.patience {
            smallReads = 0
            size /= 2
        }
        return false
    }
}
