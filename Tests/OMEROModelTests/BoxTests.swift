import Foundation
import IceEncoding
import NIOCore
import OMEROModel
import Testing

@Suite("Basic values in boxes")
struct BoxTests {
    private func check<Value: BoxedValue>(_ values: [Value]) throws {
        for form in WireForm.allCases {
            for value in values.map(Optional.some) + [nil] {
                #expect(try form.roundTrip(Box(value)).value == value, "\(form)")
                #expect(Box(value).value == value)
            }
            // A box that was read and is written again, into another message.
            let boxes = try values.map { try form.roundTrip(Box($0)) }
            #expect(try boxes.map { try form.roundTrip($0).value } == values)
            // In one message, as a list with a null.
            let list = try form.roundTrip(values.map { Box($0) } + [Box(nil)])
            #expect(list.map(\.value) == values + [nil], "\(form)")
        }
    }

    @Test("every basic type comes back, and null")
    func basic() throws {
        try check([true, false])
        try check([0, .min, .max] as [Int32])
        try check([0, .min, .max] as [Int64])
        try check([0, -1.5, .infinity, .leastNonzeroMagnitude] as [Float])
        try check([0, -1.5, -.infinity, .greatestFiniteMagnitude] as [Double])
        try check(["", "text", "Grüße 🌍", String(repeating: "long ", count: 100)])
        try check([Date(omeroMilliseconds: 0), Date(omeroMilliseconds: 1_700_000_000_123)])
        try check([Length(1.5, .micrometer), Length(0, .referenceFrame)])
        try check([Permissions(), Permissions(rawValue: 0, restrictions: [true, false], extendedRestrictions: ["x"])])
        try check([NamedValue("key", "value"), NamedValue("", "")])
    }

    @Test("times are milliseconds, to the last one, for all that calendars know")
    func milliseconds() {
        var random = SeededRandom(state: 3)
        // The years 1 to 9999.
        let range: ClosedRange<Int64> = -62_135_596_800_000...253_402_300_799_999
        for milliseconds in [range.lowerBound, range.upperBound, -1, 0, 1, 999, 1_700_000_000_123]
            + (0..<20_000).map({ _ in Int64.random(in: range, using: &random) })
        {
            #expect(Date(omeroMilliseconds: milliseconds).omeroMilliseconds == milliseconds)
        }
    }

    @Test("times that no number of milliseconds can tell become the nearest that one can")
    func extremes() {
        #expect(Date(timeIntervalSince1970: 1e300).omeroMilliseconds == .max)
        #expect(Date(timeIntervalSince1970: -1e300).omeroMilliseconds == .min)
        #expect(Date(timeIntervalSince1970: .infinity).omeroMilliseconds == .max)
        #expect(Date.distantPast.omeroMilliseconds < 0)
        #expect(Date.distantFuture.omeroMilliseconds > 0)
        #expect(Date(omeroMilliseconds: .max).omeroMilliseconds == .max)
        #expect(Date(omeroMilliseconds: .min).omeroMilliseconds == .min)
        #expect(Date(timeIntervalSince1970: 0.0004).omeroMilliseconds == 0)
        #expect(Date(timeIntervalSince1970: 0.0006).omeroMilliseconds == 1)
        #expect(Date(timeIntervalSince1970: -0.0006).omeroMilliseconds == -1)
    }

    @Test("what the objects among a message's values share is sent once", arguments: WireForm.allCases)
    func shared(form: WireForm) throws {
        let (first, second) = GraphBuilder.build { builder in
            let owner = builder.add(Experimenter.self) { $0.id = 7 }
            let projects = (1...2).map { id in
                builder.add(Project.self) { project in
                    project.id = Int64(id)
                    project.details = builder.add(Details.self) { $0.owner = owner }
                }
            }
            return (projects[0], projects[1])
        }
        let rows = [[Box(RValue.object(IObject(first))), Box(1)], [Box(.object(IObject(second))), Box(2)]]
        let values = try form.roundTrip(rows).map { $0.map(\.value) }
        let owners = values.map { row -> Experimenter? in
            guard case .object(let object?)?? = row.first else { return nil }
            return object.details?.owner
        }
        #expect(values.map { $0.last } == [1, 2])
        #expect(owners[0]?.id == 7)
        #expect(owners[0]?.object == owners[1]?.object)
    }

    @Test("streams that were one go on with values of their own", arguments: WireForm.allCases)
    func copies(form: WireForm) throws {
        var stream = IceOutputStream(encoding: form.encoding, format: form.format)
        let first = (0..<100).map { Box(RValue.long($0)) }
        for box in first { box.write(to: &stream) }
        var other = stream
        let (second, third) = ((0..<200).map { Box(RValue.string("\($0)")) }, [Box(RValue.double(0.5)), Box(nil)])
        for box in second { box.write(to: &stream) }
        for box in third { box.write(to: &other) }
        for (stream, values) in [(stream, first + second), (other, first + third)] {
            var stream = stream
            stream.finishParameters()
            var input = IceInputStream(try stream.finish(), encoding: form.encoding, types: omeroModelTypes)
            let boxes = try values.map { _ in try Box<RValue>(from: &input) }
            try input.readPendingInstances()
            try input.expectEnd()
            #expect(boxes.map(\.value) == values.map(\.value))
        }
    }

    @Test("rows of values are written and read as lists of lists of boxes are", arguments: WireForm.allCases)
    func rows(form: WireForm) throws {
        let rows: [[RValue?]] = [[1, "one", nil], [], [.double(0.5)], [.list([1, nil]), .bool(true)]]
        var stream = IceOutputStream(encoding: form.encoding, format: form.format)
        Box.write(rows, to: &stream)
        stream.finishParameters()
        let bytes = try stream.finish()
        #expect(try bytes == form.encode(rows.map { $0.map { Box($0) } }))

        var input = IceInputStream(bytes, encoding: form.encoding, types: omeroModelTypes)
        var boxes: [Box<RValue>] = []
        #expect(try Box.readRows(from: &input, into: &boxes) == rows.map(\.count))
        try input.readPendingInstances()
        try input.expectEnd()
        #expect(boxes.map(\.value) == rows.flatMap(\.self))

        // Cut off anywhere it is an error.
        for count in 0..<bytes.readableBytes {
            var cut = IceInputStream(
                bytes.getSlice(at: 0, length: count) ?? bytes, encoding: form.encoding, types: omeroModelTypes)
            #expect(throws: MarshalError.self, "\(count)") {
                _ = try Box<RValue>.readRows(from: &cut, into: &boxes)
                try cut.readPendingInstances()
            }
        }
    }

    @Test("a value whose base brings members that are not known is read as any other")
    func unknownMembers() throws {
        let value = Box(RValue.long(7))
        var bytes = Array(try WireForm.compact.encode([value, value]).readableBytesView)
        // Two elements; the first is its type id, eight bytes, and the slice of `RType`, which is the last.
        #expect(bytes.first == 2)
        let place = try #require(bytes.firstIndex(of: 0x20))
        bytes[place] |= 0x04
        // A tagged int, and the end of such.
        bytes.insert(contentsOf: [1 << 3 | 2, 1, 2, 3, 4, 0xFF], at: place + 1)
        let boxes = try WireForm.compact.decode(ByteBuffer(bytes: bytes), as: [Box<RValue>].self)
        #expect(boxes.map(\.value) == [7, 7])
    }
}
