import Glacier2
public import IceEncoding
import OMEROModel

/// Everything that OMERO can send: the model, the commands, the exceptions, Glacier2's among them. For a
/// communicator's types.
public let omeroTypes = omeroModelTypes.merging(omeroAPITypes).merging(glacier2Types)
