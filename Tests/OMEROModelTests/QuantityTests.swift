import IceEncoding
import OMEROModel
import Testing

@Suite("Units")
struct QuantityTests {
    private func checkUnits<Unit: UnitOfMeasure>(_ type: Unit.Type) {
        #expect(type.definitions.count == type.allCases.count)
        #expect(Set(type.allCases.map(\.symbol)).count == type.allCases.count, "\(type): a symbol twice")
        for (number, unit) in type.allCases.enumerated() {
            // The definitions are found by the number.
            #expect(Int(unit.rawValue) == number)
            #expect(!unit.symbol.isEmpty)
            #expect(Unit(symbol: unit.symbol) == unit)
        }
        #expect(Unit(symbol: "no such unit") == nil)
    }

    @Test("every unit has a symbol of its own, which leads back to it")
    func symbols() {
        checkUnits(UnitsElectricPotential.self)
        checkUnits(UnitsFrequency.self)
        checkUnits(UnitsLength.self)
        checkUnits(UnitsPower.self)
        checkUnits(UnitsPressure.self)
        checkUnits(UnitsTemperature.self)
        checkUnits(UnitsTime.self)
    }

    private func checkConversions<Value: Quantity>(_ type: Value.Type, without sizeless: Set<Value.Unit> = []) throws {
        for source in Value.Unit.allCases {
            for target in Value.Unit.allCases {
                let value = Value(12.5, source)
                if source != target, sizeless.contains(source) || sizeless.contains(target) {
                    #expect(throws: ModelError.self) { try value.converted(to: target) }
                    #expect(value.value(in: target) == nil)
                    continue
                }
                let there = try value.converted(to: target)
                #expect(there.unit == target)
                #expect(value.value(in: target) == there.value)
                let back = try there.converted(to: source)
                #expect(abs(back.value - 12.5) < 1e-9 * 12.5, "\(value) as \(there) is \(back)")
            }
        }
    }

    @Test("conversions lead there and back; what has no size refuses")
    func conversions() throws {
        try checkConversions(ElectricPotential.self)
        try checkConversions(Frequency.self)
        try checkConversions(Length.self, without: [.pixel, .referenceFrame])
        try checkConversions(Power.self)
        try checkConversions(Pressure.self)
        try checkConversions(Temperature.self)
        try checkConversions(Time.self)
    }

    @Test("temperatures have different zeros")
    func temperatures() throws {
        #expect(Temperature(0, .celsius).value(in: .kelvin) == 273.15)
        #expect(try #require(Temperature(100, .celsius).value(in: .fahrenheit)).isClose(to: 212))
        #expect(try #require(Temperature(-40, .fahrenheit).value(in: .celsius)).isClose(to: -40))
        #expect(try #require(Temperature(0, .kelvin).value(in: .rankine)).isClose(to: 0))
    }

    @Test("a refusal says from what to what")
    func refusal() {
        let error = #expect(throws: ModelError.self) { try Length(3, .pixel).converted(to: .micrometer) }
        #expect(error?.reason == .noConversion(from: "pixel", to: "µm"))
        #expect(error?.description == "no Length in pixel can be converted to µm")
        #expect(throws: Never.self) { try Length(3, .pixel).converted(to: .pixel) }
    }

    @Test("a quantity reads as a number and its symbol")
    func text() { #expect(Length(0.25, .micrometer).description == "0.25 µm") }
}

extension Double {
    fileprivate func isClose(to other: Double) -> Bool { abs(self - other) < 1e-9 * Swift.max(1, abs(other)) }
}
