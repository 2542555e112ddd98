// Whoever uses the runtime needs the encoding's types in every signature.
@_exported public import IceEncoding
