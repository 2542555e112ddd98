import NIOCore
import IceEncoding
public struct TLSSettings: Sendable {}
public struct TLSPeerInfo: Sendable {}
final class TLSContextCache: Sendable {}
extension IceOutputStream { mutating func writePendingInstances() {} ; mutating func write(exception: any UserException) {} }
extension IceInputStream { mutating func finish() throws {} ; mutating func readException() throws(MarshalError) -> any UserException { fatalError() } }
public struct ExceptionDescriptor: Sendable { let typeID: String; func isA(_ s: String) -> Bool { true } }
public protocol UserException: Error, Sendable { static var descriptor: ExceptionDescriptor { get } }
