public import IceEncoding
