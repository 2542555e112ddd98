@testable import IceEncoding
import InteropTypes
import Synchronization
import Testing

@Suite struct TypeRegistryTests {
    @Test func `a class is made when it is met, and only that one`() {
        let made = Mutex<[String]>([])
        let registry = TypeRegistry(capacity: 2) { types in
            types.add("::interop::Base") {
                made.withLock { $0.append("Base") }
                return Base.descriptor
            }
            types.add("::interop::Node") {
                made.withLock { $0.append("Node") }
                return Node.descriptor
            }
            types.add("::interop::Failure", exception: Failure.self)
        }
        let merged = TypeRegistry.empty.merging(registry)
        #expect(made.withLock { $0 }.isEmpty)
        #expect(merged.classDescriptor("::interop::Node") === Node.descriptor)
        #expect(merged.classDescriptor("::interop::Nobody") == nil)
        #expect(merged.exception("::interop::Failure") == Failure.self)
        #expect(made.withLock { $0 } == ["Node"])
    }
}
