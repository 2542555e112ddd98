import IceEncoding
import OMEROModel
import Testing

@Suite("Objects are equal by class and id")
struct EqualityTests {
    private func saved<Class: IObjectProtocol>(_ type: Class.Type, _ id: Int64) -> Class { type.make { $0.id = id } }

    /// Equality and hash as collections see them: through the conformance, not by the name in scope.
    private func areEqual<Value: Hashable>(_ left: Value, _ right: Value) -> Bool {
        let isEqual = left == right
        #expect(Set([left, right]).count == (isEqual ? 1 : 2))
        #expect((AnyHashable(left) == AnyHashable(right)) == isEqual)
        if isEqual { #expect(left.hashValue == right.hashValue) }
        return isEqual
    }

    @Test("handles of two graphs to one object are equal, loaded or not")
    func graphs() {
        #expect(areEqual(saved(Image.self, 1), saved(Image.self, 1)))
        #expect(areEqual(saved(Image.self, 1), Image.unloaded(1)))
        #expect(!areEqual(saved(Image.self, 1), saved(Image.self, 2)))
    }

    @Test("one id of two classes is two objects")
    func classes() {
        #expect(!areEqual(IObject(saved(Image.self, 1)), IObject(saved(Dataset.self, 1))))
        #expect(!areEqual(Annotation(saved(TagAnnotation.self, 1)), Annotation(saved(CommentAnnotation.self, 1))))
    }

    @Test("a handle of a base is equal to another of it, whatever handle it was made from")
    func bases() throws {
        let tag = saved(TagAnnotation.self, 1)
        #expect(areEqual(IObject(tag), IObject(Annotation(tag))))
        #expect(areEqual(IObject(tag), IObject(TagAnnotation.unloaded(1))))
        #expect(areEqual(tag, try #require(IObject(tag).cast(to: TagAnnotation.self))))
        #expect(IObject(tag).hashValue == tag.hashValue)
    }

    @Test("objects that were never saved equal only themselves")
    func unsaved() {
        let (one, other) = (Image.make(), Image.make())
        #expect(areEqual(one, one))
        #expect(!areEqual(one, other))
        #expect(!areEqual(one, saved(Image.self, 1)))
        let both = GraphBuilder.build { ($0.add(Image.self), $0.add(Image.self)) }
        #expect(!areEqual(both.0, both.1))
        #expect(Set([one, other, both.0, both.1, one]).count == 4)
    }

    @Test("classes that are no objects of OMERO are equal by instance")
    func others() {
        let (one, other) = GraphBuilder.build { ($0.add(Details.self), $0.add(Details.self)) }
        #expect(areEqual(one, one))
        #expect(!areEqual(one, other))
    }

    @Test("what came over the wire is equal to what was sent", arguments: WireForm.allCases)
    func wire(form: WireForm) throws {
        let image = saved(Image.self, 1)
        #expect(areEqual(try form.roundTrip(Optional(image)), image))
        let again = try form.decode(form.encode([image, image, nil] as [Image?]), as: [Image?].self)
        #expect(Set(again.compactMap(\.self)) == [image])
    }
}
