import Foundation
import IceEncoding
import OMEROModel
import Testing

@Suite("Values of any of OMERO's RTypes")
struct RValueTests {
    static let values: [RValue?] = [
        .bool(true), .bool(false), .int(.min), .int(7), .long(.max), .float(-1.5), .double(.pi), .string("Grüße 🌍"),
        .string(""), .time(Date(omeroMilliseconds: 1_700_000_000_123)), .className("::omero::model::Image"),
        .object(nil), .internal(nil), .array([]), .list([]), .set([]), .map([:]), nil,
        .array(["a", nil, 1]), .list([nil, nil]), .set([true, 1.5]),
        .map(["ids": .list([1, 2, 3]), "none": nil, "deep": .map(["er": .array([.map([:])])])]),
    ]

    @Test("every kind comes back, through the wire and through a graph", arguments: values, WireForm.allCases)
    func roundTrip(value: RValue?, form: WireForm) throws {
        #expect(try form.roundTrip(value) == value)
    }

    @Test("an object comes back with what it refers to", arguments: WireForm.allCases)
    func object(form: WireForm) throws {
        let project = Project.make { project in
            project.id = 5
            project.name = "name"
        }
        guard case .object(let object?) = try form.roundTrip(.object(IObject(project))) else {
            Issue.record("no object")
            return
        }
        #expect(object == IObject(project))
        #expect(try object.cast(to: Project.self)?.name == "name")
    }

    @Test("a list that holds itself reads as nil from the limit on", arguments: WireForm.allCases)
    func cycle(form: WireForm) throws {
        let list = GraphBuilder.build { builder in
            let list = builder.add(RList.self)
            builder[list.object][0] = [RType(object: list.object)] as [RType?]
            return list
        }
        let box = try form.decode(form.encode(Optional(list)), as: Box<RValue>.self)
        var value = box.value
        var depth = 0
        while case .list(let elements)? = value {
            depth += 1
            value = try #require(elements.count == 1 ? elements : nil)[0]
        }
        #expect(value == nil)
        #expect(depth == RValue.nestingLimit)
    }

    @Test("lists that are each twice in the next end, although they would unfold to more than fits anywhere")
    func unfolding() throws {
        let list = GraphBuilder.build { builder in
            var list = builder.add(RList.self)
            for _ in 0..<60 {
                let next = builder.add(RList.self)
                builder[next.object][0] = [RType(object: list.object), RType(object: list.object)] as [RType?]
                list = next
            }
            let map = builder.add(RMap.self)
            builder[map.object][0] =
                ["a": RType(object: list.object), "b": RType(object: map.object)] as [String: RType?]
            return map
        }
        func count(_ value: RValue?) -> Int {
            switch value {
            case .list(let elements): elements.reduce(1) { $0 + count($1) }
            case .map(let elements): elements.values.reduce(1) { $0 + count($1) }
            default: 1
            }
        }
        let start = ContinuousClock.now
        let value = try WireForm.compact.decode(WireForm.compact.encode(Optional(list)), as: Box<RValue>.self).value
        #expect(count(value) < 3_000_000)
        // A machine at work needs a second or so; without the limit the age of the universe would not do.
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("a long string that is in many places of a short message is not read in all of them")
    func repeatedText() throws {
        let text = String(repeating: "x", count: 1 << 20)
        let list = GraphBuilder.build { builder in
            let shared = builder.add(RString.self)
            builder[shared.object][0] = text
            let keys = builder.add(RMap.self)
            builder[keys.object][0] = [text: nil] as [String: RType?]
            let list = builder.add(RList.self)
            builder[list.object][0] =
                [RType?](repeating: RType(object: shared.object), count: 50)
                + [RType?](repeating: RType(object: keys.object), count: 50)
            return list
        }
        let box = try WireForm.compact.decode(WireForm.compact.encode(Optional(list)), as: Box<RValue>.self)
        guard case .list(let values)? = box.value else {
            Issue.record("no list")
            return
        }
        // Each once, and 64 MiB of them again.
        #expect(values.count == 100)
        #expect(values.prefix(50).allSatisfy { $0 == .string(text) })
        #expect(values.dropFirst(50).count { $0 != nil } == 16)
    }

    @Test("a long string and a long list that many parameters name are there once", arguments: WireForm.allCases)
    func sharedParameters(form: WireForm) throws {
        let text = String(repeating: "x", count: 1000)
        let sent = GraphBuilder.build { builder in
            let (string, list) = (builder.add(RString.self), builder.add(RList.self))
            builder[string.object][0] = text
            builder[list.object][0] = [Box<RValue>](repeating: Box(1), count: 1000)
            let parameters = builder.add(QueryParameters.self)
            builder[parameters.object][0] =
                ["a": string.object, "b": string.object, "c": list.object, "d": list.object]
                .mapValues { RType(object: $0) as RType? }
            return parameters
        }
        let map = try #require(try form.roundTrip(sent)).map
        func place(_ key: String) throws -> UnsafeRawPointer? {
            switch map[key] {
            case .string(var text):
                #expect(text == String(repeating: "x", count: 1000))
                return text.withUTF8 { UnsafeRawPointer($0.baseAddress) }
            case .list(let values):
                #expect(values == [RValue?](repeating: 1, count: 1000))
                return values.withUnsafeBytes { $0.baseAddress }
            default:
                Issue.record("\(key) is not there")
                return nil
            }
        }
        #expect(try place("a") == place("b"))
        #expect(try place("c") == place("d"))
    }

    @Test("one list in many places is read in all of them")
    func shared() throws {
        let list = GraphBuilder.build { builder in
            let shared = builder.add(RList.self)
            builder[shared.object][0] = [Box<RValue>(1), Box<RValue>("two")]
            let list = builder.add(RList.self)
            builder[list.object][0] = [RType?](repeating: RType(object: shared.object), count: 10_000)
            return list
        }
        let value = try WireForm.v1_0.decode(WireForm.v1_0.encode(Optional(list)), as: Box<RValue>.self).value
        #expect(value == .list([RValue?](repeating: .list([1, "two"]), count: 10_000)))
    }

    @Test("an instance of a class that is no kind of value reads as no value", arguments: WireForm.allCases)
    func abstract(form: WireForm) throws {
        let bare = GraphBuilder.build { $0.add(RType.self) }
        #expect(try form.decode(form.encode(Optional(bare)), as: Box<RValue>.self).value == .internal(nil))
        let collection = GraphBuilder.build { $0.add(RCollection.self) }
        #expect(try form.decode(form.encode(Optional(collection)), as: Box<RValue>.self).value == .list([]))
    }

    @Test("literals are what parameters mostly are")
    func literals() {
        let values: [String: RValue?] = ["id": 5, "size": 1.5, "name": "n", "isLoaded": true, "none": nil]
        #expect(values["id"] == .long(5))
        #expect(values["size"] == .double(1.5))
        #expect(values["name"] == .string("n"))
        #expect(values["isLoaded"] == .bool(true))
    }
}
