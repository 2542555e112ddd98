import OMEROModel
import Testing

@testable import OMEROServer

@Suite("The values that a session keeps")
struct SessionValuesTests {
    @Test("come back by their keys until they are taken away")
    func values() throws {
        var values = SessionValues()
        try values.set(1, for: "b")
        try values.set("two", for: "a")
        try values.set(2, for: "b")
        #expect(values["b"] == 2)
        #expect(values.keys == ["a", "b"])
        #expect(values.all == ["a": "two", "b": 2])
        try values.set(nil, for: "a")
        try values.set(nil, for: "never there")
        #expect(values.all == ["b": 2])
    }

    @Test("are refused when they get too large, and those that are there stay")
    func limit() throws {
        var values = SessionValues()
        let quarter = RValue.list([.string(String(repeating: "x", count: SessionValues.limit / 4))])
        for key in ["a", "b", "c"] { try values.set(quarter, for: key) }
        #expect(throws: (any Error).self) { try values.set(quarter, for: "d") }
        #expect(throws: (any Error).self) { try values.set(.map(["x": quarter, "y": quarter]), for: "a") }
        #expect(values.keys == ["a", "b", "c"])
        #expect(values["a"] == quarter)
        // In the place of another there is room for it, and after that was taken away, too.
        try values.set(quarter, for: "c")
        try values.set(nil, for: "c")
        try values.set(quarter, for: "d")
        #expect(values.keys == ["a", "b", "d"])
    }

    @Test("take the more, the more they hold")
    func weight() {
        let project = Project.make { $0.name = "name" }
        #expect(RValue.object(IObject(project)).weight > 100)
        #expect(RValue.map(["key": "text"]).weight > RValue.map(["key": nil]).weight)
        #expect(RValue.array([1, 2]).weight > RValue.set([1]).weight)
    }
}
