// The types of Interop.ice, mapped by hand; the interface is not here. A change there is a change here.

public import IceEncoding

/// The types of Interop.ice that a receiver knows.
public let interopTypes = TypeRegistry(
    classes: [
        Node.self,
        Empty.self,
        Base.self,
        Middle.self,
        Derived.self,
        Compact.self,
        CompactDerived.self,
        Preserved.self,
        PreservedKnown.self,
        Optionals.self,
        AllTypes.self,
        AllTypesMore.self,
        Item.self,
    ],
    exceptions: [Failure.self, DetailedFailure.self]
)
