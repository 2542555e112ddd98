// Whoever uses the gateway reads the model's objects and configures TLS with Ice's types.
@_exported public import Ice
@_exported public import OMEROModel
