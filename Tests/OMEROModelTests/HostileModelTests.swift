import IceEncoding
import NIOCore
import OMEROModel
import Testing

@Suite("Damaged results of omero-py end as values or errors")
struct HostileModelTests {
    static let forms: [WireForm] = [.v1_0, .compact]

    /// Reads all that there is, so that a bad index in the graph would show.
    private func touch(_ bytes: ByteBuffer, _ form: WireForm) -> MarshalError? {
        do {
            let objects = try form.decode(bytes, as: [IObject?].self)
            guard let graph = objects.lazy.compactMap(\.self).first?.object.graph else { return nil }
            for instance in graph.instances { touch(instance) }
            for case let object? in objects { try? walk(object) }
            _ = try? form.encode(objects)
            return nil
        } catch {
            guard let error = error as? MarshalError else {
                Issue.record("not a MarshalError: \(error)")
                return nil
            }
            return error
        }
    }

    private func touch(_ instance: ObjectReference) {
        for (number, field) in instance.descriptor.allFields.enumerated() {
            switch field.type {
            case .string: _ = instance[number] as String
            case .instance(let typeID):
                let other: AnySliceObject? = instance[number]
                #expect(other?.object.isA(typeID) != false)
                if other?.object.isA("::omero::RType") == true { _ = (instance[number] as Box<RValue>).value }
            case .sequence(.instance): _ = instance[number] as [AnySliceObject?]
            case .sequence(.string): _ = instance[number] as [String]
            case .sequence(.bool): _ = instance[number] as [Bool]
            case .dictionary(.long, .long): _ = instance[number] as [Int64: Int64]
            case .dictionary(.string, .string): _ = instance[number] as [String: String]
            default: break
            }
        }
        if let pixels = instance.cast(to: Pixels.self) { _ = try? (pixels.physicalSizeX, pixels.timeIncrement) }
        if let annotation = instance.cast(to: MapAnnotation.self) { _ = try? annotation.mapValue }
    }

    private func walk(_ object: IObject) throws {
        _ = (object.hashValue, object.details?.permissions, object.details?.creationEvent)
        guard let project = object.cast(to: Project.self) else { return }
        _ = try (project.name, project.description)
        for link in try project.datasetLinks {
            for image in try link.child.imageLinks.map({ try $0.child }) { _ = try image.pixels.map { try $0.sizeX } }
        }
    }

    @Test("the whole result reads", arguments: forms)
    func whole(form: WireForm) throws {
        let bytes = try recordedResult(form.encoding)
        #expect(touch(bytes, form) == nil)
        let objects = try form.decode(bytes, as: [IObject?].self)
        #expect(objects.map { $0?.id } == [10, 11, 12, 99, nil])
        let project = try #require(objects[1]?.cast(to: Project.self))
        #expect(try project.name == "project 11")
        #expect(try project.description == "described")
        #expect(try project.annotationLinks[0].child.cast(to: MapAnnotation.self)?.mapValue.count == 2)
        let image = try #require(try project.datasetLinks[1].child.imageLinks.first?.child)
        #expect(try image.pixels[0].physicalSizeX == Length(0.25, .micrometer))
        #expect(try image.pixels[0].timeIncrement == Time(1.5, .second))
        let details = try #require(project.details)
        #expect(try details.owner?.omeName == "römer")
        #expect(try details.creationEvent?.time.omeroMilliseconds == 1_700_000_000_123)
        #expect(details.permissions?.canEdit == false)
        #expect(details.permissions?.extendedRestrictions == ["RESTRICT-BINARY-ACCESS"])
        #expect(objects[3]?.isLoaded == false)
    }

    @Test("what was read and is written again is the same for both encodings")
    func again() throws {
        let old = try WireForm.v1_0.decode(try recordedResult(.v1_0), as: [IObject?].self)
        let new = try WireForm.compact.decode(try recordedResult(.v1_1), as: [IObject?].self)
        for form in WireForm.allCases {
            for objects in [old, new] {
                let read = try form.roundTrip(objects)
                for (one, other) in zip(read, new) {
                    #expect((one == nil) == (other == nil))
                    if let one, let other { #expect(one.isEquivalent(to: other)) }
                }
            }
        }
    }

    @Test("cut off at every byte it is an error that tells where", arguments: forms)
    func truncated(form: WireForm) throws {
        let bytes = try recordedResult(form.encoding)
        var named = 0
        for count in 0..<bytes.readableBytes {
            let part = try #require(bytes.getSlice(at: bytes.readerIndex, length: count))
            let error = try #require(touch(part, form), "\(count) of \(bytes.readableBytes)")
            #expect(error.position >= 0 && error.position <= count)
            if let path = error.path {
                named += 1
                #expect(path.hasPrefix("::omero::"))
            }
        }
        // All but the bytes before the first class is known, and in encoding 1.0 the list's references and the number
        // before each object, which belong to no class.
        #expect(named > bytes.readableBytes * (form == .v1_0 ? 8 : 9) / 10, "\(named) of \(bytes.readableBytes)")
    }

    @Test("with changed bytes it is a value or an error", arguments: forms)
    func flipped(form: WireForm) throws {
        let bytes = try recordedResult(form.encoding)
        var random = SeededRandom(state: 11)
        var errors = 0
        let times = Effort.times(1_500, long: 60_000)
        for _ in 0..<times {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = changed.readerIndex + Int.random(in: 0..<bytes.readableBytes, using: &random)
                if Bool.random(using: &random) {
                    changed.setInteger(UInt8.random(in: 0...255, using: &random), at: place)
                } else {
                    let old = changed.getInteger(at: place, as: UInt8.self) ?? 0
                    changed.setInteger(old ^ (1 << UInt8.random(in: 0...7, using: &random)), at: place)
                }
            }
            if let error = touch(changed, form) {
                errors += 1
                #expect(error.position >= 0 && error.position <= bytes.readableBytes)
            }
        }
        #expect(errors > times / 10)
        if Effort.isLong { print("soak model-flips-\(form): \(errors) errors and \(times - errors) values") }
    }
}
