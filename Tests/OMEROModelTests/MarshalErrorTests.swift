import IceEncoding
import NIOCore
import OMEROModel
import Testing

/// What a server of another version, or one that is broken, could send. Such messages are written with descriptions
/// of the classes that differ from ours.
@Suite("Errors in what a server sends name the class, the field and the place")
struct MarshalErrorTests {
    private func failure(_ form: WireForm, _ bytes: ByteBuffer) -> MarshalError? {
        do {
            _ = try form.decode(bytes, as: [IObject?].self)
            return nil
        } catch {
            return error as? MarshalError
        }
    }

    /// The error when a list is read that holds a link, whose project `build` makes.
    private func linked(
        _ form: WireForm,
        child: Bool = false,
        _ build: (GraphBuilder) throws -> ObjectReference
    ) throws -> (MarshalError, size: Int) {
        let link = try GraphBuilder.build { builder in
            let object = try build(builder)
            let link = builder.add(ProjectDatasetLink.self) { $0.id = 1 }
            builder[link.object][child ? 5 : 4] = Optional(AnySliceObject(object: object))
            return link
        }
        let bytes = try form.encode([IObject(link)] as [IObject?])
        return (try #require(failure(form, bytes)), bytes.readableBytes)
    }

    @Test("another class than the field holds", arguments: WireForm.allCases)
    func wrongClass(form: WireForm) throws {
        let (error, size) = try linked(form) { $0.add(unloaded: Dataset.self, id: 1).object }
        #expect(error.reason == .unexpectedClass(expected: "::omero::model::Project", found: "::omero::model::Dataset"))
        #expect(error.path == "::omero::model::ProjectDatasetLink._parent")
        #expect(error.position > 0 && error.position <= size)
    }

    @Test("a number where text belongs", arguments: WireForm.allCases)
    func wrongBox(form: WireForm) throws {
        let (error, size) = try linked(form) { builder in
            let project = builder.add(Project.self)
            builder[project.object][10] = Optional(AnySliceObject(builder.add(RInt.self)))
            return project.object
        }
        #expect(error.reason == .unexpectedClass(expected: "::omero::RString", found: "::omero::RInt"))
        #expect(error.path == "::omero::model::Project._name")
        #expect(error.position > 0 && error.position <= size)
        #expect("\(error)".contains("in ::omero::model::Project._name (at byte \(error.position))"))
    }

    @Test("another class in a collection", arguments: WireForm.allCases)
    func wrongElement(form: WireForm) throws {
        let (error, _) = try linked(form) { builder in
            let project = builder.add(Project.self)
            let other = AnySliceObject(builder.add(DatasetImageLink.self))
            builder[project.object][4] = [nil, other] as [AnySliceObject?]
            return project.object
        }
        #expect(
            error.reason
                == .unexpectedClass(
                    expected: "::omero::model::ProjectDatasetLink",
                    found: "::omero::model::DatasetImageLink"
                )
        )
        #expect(error.path == "::omero::model::Project._datasetLinksSeq")
    }

    @Test("a class that is not known", arguments: WireForm.allCases)
    func unknown(form: WireForm) throws {
        let newer = ClassDescriptor("::omero::model::Unheard", fields: [.init("_x", .int)])
        let (error, size) = try linked(form) { $0.add(newer) }
        if form == .sliced {
            // With its size it is skipped, and then is nothing of which a project could be made.
            #expect(
                error.reason
                    == .unexpectedClass(expected: "::omero::model::Project", found: "::omero::model::Unheard"))
        } else {
            #expect(error.reason == .unknownClass("::omero::model::Unheard"))
        }
        #expect(error.path == "::omero::model::ProjectDatasetLink._parent")
        #expect(error.position > 0 && error.position <= size)
    }

    @Test("a class that is not known but derived from one that is reads as that one, where its size is told")
    func derived() throws {
        let newer = ClassDescriptor(
            "::omero::model::BetterProject", base: Project.descriptor, fields: [.init("_x", .int)])
        for form in [WireForm.v1_0, .sliced] {
            let object = GraphBuilder.build { builder in
                let object = builder.add(newer)
                Draft<Project>(record: builder[object]).name = "better"
                Draft<Project>(record: builder[object]).isLoaded = true
                return object
            }
            let read = try form.roundTrip(Optional(IObject(object: object)))
            #expect(try read?.cast(to: Project.self)?.name == "better")
        }
    }

    @Test("an enumerator out of range", arguments: WireForm.allCases)
    func enumerator(form: WireForm) throws {
        let newer = ClassDescriptor(
            "::omero::model::Length",
            fields: [
                .init("_value", .double),
                .init("_unit", .enumeration(EnumDescriptor("::omero::model::enums::UnitsLength", values: [0, 100]))),
            ]
        )
        let pixels = GraphBuilder.build { builder in
            let length = builder.add(newer)
            // As a number: our own enumeration has no such case.
            builder[length][1] = Int32(100)
            let pixels = builder.add(Pixels.self)
            builder[pixels.object][15] = Optional(AnySliceObject(object: length))
            return pixels
        }
        let bytes = try form.encode([IObject(pixels)] as [IObject?])
        let error = try #require(failure(form, bytes))
        #expect(error.reason == .invalidEnumerator(type: "::omero::model::enums::UnitsLength", value: 100))
        #expect(error.path == "::omero::model::Length._unit")
        #expect(bytes.getInteger(at: bytes.readerIndex + error.position, as: UInt8.self) == 100, "where it stands")
    }

    @Test("a field that is missing", arguments: WireForm.allCases)
    func missing(form: WireForm) throws {
        let older = ClassDescriptor("::omero::model::Length", fields: [.init("_value", .double)])
        let length = GraphBuilder.build { AnySliceObject(object: $0.add(older)) }
        let bytes = try form.encode(Optional(length))
        let error = #expect(throws: MarshalError.self) { try form.decode(bytes, as: Box<Length>.self) }
        #expect(error?.reason == .truncated(needed: 1, available: 0))
        #expect(error?.path == "::omero::model::Length._unit")
        #expect((1...bytes.readableBytes).contains(error?.position ?? 0))
    }

    @Test(
        "a field that is missing in the midst of a message, where slices tell their size",
        arguments: [WireForm.v1_0, .sliced])
    func missingWithin(form: WireForm) throws {
        var fields = Project.descriptor.fields
        fields.removeLast()
        let older = ClassDescriptor("::omero::model::Project", base: IObject.descriptor, fields: fields)
        let (error, size) = try linked(form) { $0.add(older) }
        let reference = form == .v1_0 ? 4 : 1
        #expect(error.reason == .truncated(needed: reference, available: 0))
        #expect(error.path == "::omero::model::Project._description")
        #expect(error.position > 0 && error.position < size)
    }

    @Test("text that is not UTF-8, and sizes beyond the message", arguments: WireForm.allCases)
    func text(form: WireForm) throws {
        let project = Project.make { $0.name = "the name" }
        var bytes = try form.encode([IObject(project)] as [IObject?])
        let place = try #require(bytes.readableBytesView.firstRange(of: Array("the name".utf8))).lowerBound
        bytes.setInteger(0xFF as UInt8, at: place + 3)
        #expect(failure(form, bytes)?.reason == .invalidUTF8)
        #expect(
            failure(form, bytes)?.path == "::omero::RString._val"
                || failure(form, bytes)?.path == "::omero::RString.val")
        bytes.setInteger(254 as UInt8, at: place - 1)
        #expect(failure(form, bytes)?.reason == .invalidSize(254))
        #expect(failure(form, bytes)?.path?.hasPrefix("::omero::RString.") == true)
    }
}
