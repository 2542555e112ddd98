import IceEncoding
import InteropTypes
import NIOCore
import Testing

@Suite("Class instances on the wire, worked out by hand")
struct ClassEncodingTests {
    private func text(_ string: String) -> String {
        String(format(string.utf8.count)) + string.utf8.map { format(Int($0)) }.joined()
    }
    private func format(_ byte: Int) -> String { String(byte >> 4, radix: 16) + String(byte & 15, radix: 16) }

    private let base = GraphBuilder.build { builder in builder.add(Base.self) { $0.b = 7 } }

    @Test("an instance in the compact format: new, last slice with a type id, members")
    func compact() throws {
        #expect(try WireForm.compact.encode(base).hexDump == "01" + "21" + text("::interop::Base") + "07000000")
    }

    @Test("the sliced format adds the slice's size, its own four bytes included")
    func sliced() throws {
        #expect(
            try WireForm.sliced.encode(base).hexDump == "01" + "31" + text("::interop::Base") + "08000000" + "07000000"
        )
    }

    @Test("encoding 1.0: the negative number, then a batch of instances that end with the slice of Object")
    func encoding10() throws {
        #expect(
            try WireForm.v1_0.encode(base).hexDump
                == "ffffffff" + "01" + "01000000" + "00" + text("::interop::Base") + "08000000" + "07000000"
                + "00" + text("::Ice::Object") + "05000000" + "00" + "00"
        )
    }

    @Test("a second instance names its class by number, a second reference the instance")
    func indexes() throws {
        let other = GraphBuilder.build { builder in builder.add(Base.self) { $0.b = 8 } }
        let bytes = try WireForm.compact.encode(base, other, base, nil)
        #expect(
            bytes.hexDump == "01" + "21" + text("::interop::Base") + "07000000" + "01" + "22" + "01" + "08000000" + "02"
                + "00"
        )
    }

    @Test("in the sliced format references go through the slice's own table, which follows it")
    func indirection() throws {
        let node = GraphBuilder.build { builder in
            builder.add(Node.self) {
                $0.next = $0.handle
                $0.children = [$0.handle]
            }
        }
        // name, next: entry 1, children: one, entry 1, index: none, any: null; then the table: one, instance 2.
        let content = "00" + "01" + "0101" + "00" + "00"
        #expect(
            try WireForm.sliced.encode(node).hexDump
                == "01" + "39" + text("::interop::Node") + "0a000000" + content + "01" + "02"
        )
    }

    @Test("compact type ids take the place of the name")
    func compactID() throws {
        let value = GraphBuilder.build { builder in builder.add(Compact.self) { $0.c = "c" } }
        #expect(try WireForm.compact.encode(value).hexDump == "01" + "23" + "2a" + "0163")
    }

    @Test("optional members follow the required ones and end with 0xff")
    func optionals() throws {
        let value = GraphBuilder.build { builder in
            builder.add(Middle.self) {
                $0.m = "m"
                $0.om = 5
            }
        }
        #expect(
            try WireForm.compact.encode(value).hexDump
                == "01" + "05" + text("::interop::Middle") + "016d" + "0a" + "05000000" + "ff" + "20" + "00000000"
        )
    }

    @Test("unknown slices are cut off, or kept and sent on where the class wants it")
    func preservation() throws {
        let unknown = ClassDescriptor(
            "::interop::PUnknown",
            base: Preserved.descriptor,
            fields: [.init("extra", .string), .init("n", .instance("::interop::Node")), .init("o", .int, tag: 3)]
        )
        let sent = GraphBuilder.build { builder in
            let object = builder.add(unknown)
            builder[object][0] = 5 as Int32
            builder[object][1] = "kept"
            builder[object][2] =
                builder.add(Node.self) {
                    $0.name = "n"
                    $0.next = $0.handle
                } as Node?
            builder[object][optional: 3] = 9 as Int32?
            return AnySliceObject(object: object)
        }
        let bytes = try WireForm.sliced.encode(sent)
        let got = try #require(try WireForm.sliced.decode(bytes, as: Preserved.self))
        #expect(got.p == 5 && got.typeID == "::interop::PUnknown")
        #expect(got.object.preservedTypeIDs == ["::interop::PUnknown"])
        #expect(try WireForm.sliced.encode(got) == bytes)
        // Copied into another graph, the slices go along.
        let copy = GraphBuilder.build { $0.copy(got) }
        #expect(try WireForm.sliced.encode(copy) == bytes && copy.isEquivalent(to: got))
        // The compact format cannot carry them.
        let compact = try #require(try WireForm.compact.roundTrip(got))
        #expect(compact.p == 5 && compact.object.preservedTypeIDs.isEmpty)

        let error = #expect(throws: MarshalError.self) {
            try WireForm.compact.decode(WireForm.compact.encode(sent), as: Preserved.self)
        }
        #expect(error?.reason == .unknownClass("::interop::PUnknown"))
        #expect(try WireForm.v1_0.decode(WireForm.v1_0.encode(sent), as: Preserved.self)?.p == 5)
    }

    @Test("an instance of which nothing is known is kept as an Object in the sliced format only")
    func nothingKnown() throws {
        let bytes = try WireForm.sliced.encode(ring(3))
        let got = try #require(try WireForm.sliced.decode(bytes, as: AnySliceObject.self, types: .empty))
        #expect(got.typeID == "::interop::Node" && got.object.graph.count == 3)
        let again = try WireForm.sliced.encode(got).hexDump
        #expect(again == bytes.hexDump)
        let resent = #expect(throws: MarshalError.self) { try WireForm.compact.encode(got) }
        #expect(resent?.reason == .unknownClass("::interop::Node"))
        let expected = #expect(throws: MarshalError.self) {
            try WireForm.sliced.decode(bytes, as: Base.self, types: .empty)
        }
        #expect(expected?.reason == .unexpectedClass(expected: "::interop::Base", found: "::interop::Node"))
        for form in [WireForm.compact, .v1_0] {
            let error = #expect(throws: MarshalError.self) {
                try form.decode(form.encode(ring(3)), as: AnySliceObject.self, types: .empty)
            }
            #expect(error?.reason == .unknownClass("::interop::Node"))
        }
    }

    @Test("a member of another class than it can hold is an error that names it", arguments: WireForm.allCases)
    func wrongClass(form: WireForm) throws {
        let derived = ClassDescriptor(
            "::interop::Node",
            fields: [
                .init("name", .string), .init("next", .anyInstance),
            ]
        )
        let sent = GraphBuilder.build { builder in
            let object = builder.add(derived)
            builder[object][1] = AnySliceObject(builder.add(Base.self)) as AnySliceObject?
            return AnySliceObject(object: object)
        }
        let error = #expect(throws: MarshalError.self) { try form.decode(form.encode(sent), as: Node.self) }
        // In 1.0 the other instance is known only after the members that the sender has not.
        guard form == .compact else { return }
        #expect(error?.reason == .unexpectedClass(expected: "::interop::Node", found: "::interop::Base"))
        #expect(error?.path == "::interop::Node.next")
    }

    @Test("a number that is no enumerator is an error that names the member")
    func wrongEnumerator() throws {
        let bytes = try WireForm.compact.encode(GraphBuilder.build { $0.add(AllTypes.self) })
        // bool, byte, short, int, long, float, double, string: 29 bytes before the enumeration.
        let place = 1 + 1 + 1 + "::interop::AllTypes".utf8.count + 29
        var changed = bytes
        changed.setInteger(9 as UInt8, at: place)
        let error = #expect(throws: MarshalError.self) { try WireForm.compact.decode(changed, as: AllTypes.self) }
        #expect(error?.reason == .invalidEnumerator(type: "::interop::Colour", value: 9))
        #expect(error?.path == "::interop::AllTypes.aColour" && error?.position == place)
    }

    @Test("exceptions keep their members, and are cut down to the type that is known", arguments: WireForm.allCases)
    func exceptions(form: WireForm) throws {
        func roundTrip(_ exception: any UserException, _ types: TypeRegistry) throws -> any UserException {
            var output = IceOutputStream(encoding: form.encoding, format: form.format)
            output.write(exception)
            var input = IceInputStream(try output.finish(), encoding: form.encoding, types: types)
            let exception = try input.readException()
            try input.finish()
            return exception
        }
        let thrown = DetailedFailure(reason: "r", code: 3, where: ring(2), hint: "hint")
        let caught = try #require(try roundTrip(thrown, interopTypes) as? DetailedFailure)
        #expect(caught.reason == "r" && caught.code == 3 && caught.hint == (form == .v1_0 ? nil : "hint"))
        #expect(caught.where?.next?.next == caught.where && caught.where?.name == "node 0")
        #expect(caught.upcast(to: Failure.self)?.reason == "r")
        #expect(DetailedFailure.baseTypeIDs == ["::interop::Failure"] && caught.isA("::interop::Failure"))

        let fewer = TypeRegistry(classes: [Node.self], exceptions: [Failure.self])
        if form == .compact {
            let error = #expect(throws: MarshalError.self) { try roundTrip(thrown, fewer) }
            #expect(error?.reason == .unknownException("::interop::DetailedFailure"))
        } else {
            #expect((try roundTrip(thrown, fewer) as? Failure)?.reason == "r")
        }
        let none = #expect(throws: MarshalError.self) { try roundTrip(thrown, .empty) }
        #expect(none?.reason == .unknownException("::interop::DetailedFailure"))
    }

    @Test("optional parameters that nobody asks for are skipped, and instances in them keep their numbers")
    func skippedOptionals() throws {
        var output = IceOutputStream()
        output.writeOptional(tag: 1, "text")
        output.writeOptional(tag: 2, [Point(x: 1, y: 2)])
        output.writeOptional(tag: 3, ring(2) as Node?)
        output.writeOptional(tag: 4, ["a": "b"])
        output.writeOptional(tag: 40, base as Base?)
        output.writeOptional(tag: 41, base as Base?)
        output.writeOptional(tag: 50, 1.5)
        var input = IceInputStream(try output.finish(), types: interopTypes)
        let got = try input.readOptional(tag: 41, as: Base?.self)
        try input.finish()
        #expect((got ?? nil)?.b == 7)
    }
}
