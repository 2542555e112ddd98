/// Turns the description of a class into its ``ClassLayout``.
struct LayoutCompiler {
    private var blocks: [UnsafeMutableRawPointer] = []

    /// The memory of everything that was compiled.
    func finish() -> LayoutMemory { LayoutMemory(blocks) }

    private mutating func copy<T: BitwiseCopyable>(_ values: [T]) -> UnsafeMutablePointer<T> {
        let memory = UnsafeMutablePointer<T>.allocate(capacity: max(values.count, 1))
        for (index, value) in values.enumerated() {
            (memory + index).initialize(to: value)
        }
        blocks.append(UnsafeMutableRawPointer(memory))
        return memory
    }

    mutating func compile(
        _ typeID: String,
        compactID: Int32?,
        base: UnsafePointer<ClassLayout>?,
        fields: [FieldDescriptor],
        preserves: Bool
    ) -> UnsafeMutablePointer<ClassLayout> {
        var ops: [FieldOp] = []
        var optionals: [OptionalOp] = []
        var slots = base.map { Array(UnsafeBufferPointer(start: $0.pointee.slots, count: $0.pointee.fieldCount)) } ?? []
        var defaults =
            base.map { Array(UnsafeBufferPointer(start: $0.pointee.defaults, count: $0.pointee.defaultCount)) } ?? []
        var next = base?.pointee.wordCount ?? 0
        for (index, field) in fields.enumerated() {
            slots.append(UInt32(next))
            if let tag = field.tag {
                var value: [FieldOp] = []
                emit(field.type, slot: next + 1, field: UInt32(index), into: &value)
                optionals.append(
                    OptionalOp(
                        tag: tag,
                        format: field.type.optionalFormat.rawValue,
                        isOwnVSize: field.type.isOwnVSize,
                        fixedWireSize: field.type.fixedElementSize ?? field.type.fixedWireSize ?? 0,
                        slot: UInt32(next),
                        field: UInt32(index),
                        ops: copy(value),
                        opCount: value.count
                    )
                )
                next += 1 + field.type.wordCount
            } else {
                let first = ops.count
                emit(field.type, slot: next, field: UInt32(index), into: &ops)
                for op in ops[first...] where op.kind == .enumeration {
                    if let value = op.enumeration?.pointee.values.pointee, value != 0 {
                        defaults.append(WordDefault(slot: op.slot, value: UInt32(bitPattern: value)))
                    }
                }
                next += field.type.wordCount
            }
        }
        // Tagged members travel by ascending tag.
        optionals.sort { $0.tag < $1.tag }
        let name = Array(typeID.utf8)
        return copy([
            ClassLayout(
                ops: copy(ops),
                opCount: ops.count,
                optionals: copy(optionals),
                optionalCount: optionals.count,
                base: base,
                wordCount: next,
                typeNumber: TypeNumbers.number(of: typeID),
                compactID: compactID ?? -1,
                preserves: preserves,
                usesClasses: base?.pointee.usesClasses == true || fields.contains { $0.type.usesClasses },
                isFlat: optionals.isEmpty && ops.allSatisfy(\.isFlat) && base?.pointee.isFlat != false,
                name: copy(name),
                nameCount: name.count,
                slots: copy(slots),
                fieldCount: slots.count,
                defaults: copy(defaults),
                defaultCount: defaults.count,
                descriptor: nil
            )
        ])
    }

    private mutating func emit(_ type: SliceType, slot: Int, field: UInt32, into ops: inout [FieldOp]) {
        var op = FieldOp(kind: .word, slot: UInt32(slot), field: field)
        switch type {
        case .bool: op.kind = .bool
        case .byte: op.kind = .byte
        case .short: op.kind = .short
        case .int, .float: op.kind = .word
        case .long, .double: op.kind = .doubleWord
        case .string: op.kind = .string
        case .proxy: op.kind = .proxy
        case .instance(let typeID):
            op.kind = .instance
            op.typeNumber = TypeNumbers.number(of: typeID)
        case .enumeration(let descriptor):
            op.kind = .enumeration
            let values = descriptor.values
            let isContiguous = Set(values).count == Int(descriptor.maximum) + 1 && !values.contains { $0 < 0 }
            op.enumeration = UnsafePointer(
                copy([
                    EnumTable(
                        typeNumber: TypeNumbers.number(of: descriptor.typeID),
                        maximum: descriptor.maximum,
                        isContiguous: isContiguous,
                        values: copy(values.isEmpty ? [0] : values),
                        count: values.count
                    )
                ])
            )
        case .structure(let descriptor):
            // A struct is its members, one after another, here and on the wire.
            var next = slot
            for member in descriptor.fields {
                emit(member.type, slot: next, field: field, into: &ops)
                next += member.type.wordCount
            }
            return
        case .sequence(let element):
            if let size = element.numberSize {
                op.kind = .numbers
                op.numberSize = UInt8(size)
            } else {
                op.kind = .elements
                op.program = program([element], field: field, fixedWireSize: type.fixedElementSize)
            }
        case .dictionary(let key, let value):
            op.kind = .elements
            op.program = program([key, value], field: field, fixedWireSize: type.fixedElementSize)
        }
        ops.append(op)
    }

    private mutating func program(
        _ types: [SliceType],
        field: UInt32,
        fixedWireSize: Int?
    ) -> UnsafePointer<ElementProgram> {
        var ops: [FieldOp] = []
        var stride = 0
        var keyOpCount = 0
        for type in types {
            keyOpCount = ops.count
            emit(type, slot: stride, field: field, into: &ops)
            stride += type.wordCount
        }
        return UnsafePointer(
            copy([
                ElementProgram(
                    ops: copy(ops),
                    opCount: ops.count,
                    keyOpCount: keyOpCount,
                    stride: stride,
                    minimumWireSize: max(1, types.reduce(0) { $0 + $1.minimumWireSize }),
                    fixedWireSize: fixedWireSize ?? 0
                )
            ])
        )
    }
}

extension SliceType {
    /// Whether a value can hold class instances.
    var usesClasses: Bool {
        switch self {
        case .instance: true
        case .sequence(let element): element.usesClasses
        case .dictionary(let key, let value): key.usesClasses || value.usesClasses
        case .structure(let descriptor): descriptor.fields.contains { $0.type.usesClasses }
        default: false
        }
    }
}
