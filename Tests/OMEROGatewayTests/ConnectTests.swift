import OMERO
import Testing
