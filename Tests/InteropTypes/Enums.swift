// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

public enum Colour: Int32, SliceEnum {
    case red = 0
    case green = 1
    case blue = 2

    public static let descriptor = EnumDescriptor("::interop::Colour", cases: allCases)
}

public enum Weight: Int32, SliceEnum {
    case light = 0
    case medium = 20
    case heavy = 300

    public static let descriptor = EnumDescriptor("::interop::Weight", cases: allCases)
}

public enum Distance: Int32, SliceEnum {
    case near = 5
    case middling = 300
    case far = 70000

    public static let descriptor = EnumDescriptor("::interop::Distance", cases: allCases)
}
