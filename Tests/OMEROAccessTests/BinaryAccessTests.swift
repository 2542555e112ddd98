import OMEROAccess
import Testing

@Suite("The restriction of binary access")
struct BinaryAccessTests {
    private let standard = BinaryAccess()

    @Test("by default plates, wells, screened images and their files are restricted, and nothing else")
    func byDefault() {
        let restricted: [BinaryAccess.Subject] = [
            .plate, .well, .image(hasWellSamples: true), .originalFile(name: "a.tif", images: [false, true]),
        ]
        let free: [BinaryAccess.Subject] = [
            .image(hasWellSamples: false), .originalFile(name: "a.tif", images: [false]),
            .originalFile(name: "a.tif", images: []), .originalFile(name: "companion.txt", images: [true]), .other,
        ]
        for mayEdit in [true, false] {
            for subject in restricted { #expect(standard.restricts(subject, mayEdit: mayEdit), "\(subject)") }
            for subject in free { #expect(!standard.restricts(subject, mayEdit: mayEdit), "\(subject)") }
        }
    }

    @Test("minus anywhere forbids, else plus anywhere allows, else it is forbidden")
    func settings() {
        #expect(BinaryAccess(server: "+read", group: ["-read"]).allows(.read) == false)
        #expect(BinaryAccess(server: "-read", group: ["+read"]).allows(.read) == false)
        #expect(BinaryAccess(server: "", group: ["+read"]).allows(.read))
        #expect(BinaryAccess(server: "+read").allows(.plate) == false)
        #expect(BinaryAccess(group: ["+plate"]).allows(.plate))
        #expect(BinaryAccess(server: " +read , -write ").allows(.read))
    }

    @Test("a group can free its plates, and forbid its images")
    func groups() {
        let open = BinaryAccess(group: ["+plate"])
        #expect(!open.restricts(.plate, mayEdit: false))
        #expect(!open.restricts(.image(hasWellSamples: true), mayEdit: false))
        let closed = BinaryAccess(group: ["-image"])
        #expect(closed.restricts(.image(hasWellSamples: false), mayEdit: true))
        #expect(closed.restricts(.originalFile(name: "a.tif", images: [false]), mayEdit: true))
        #expect(!closed.restricts(.originalFile(name: "a.tif", images: []), mayEdit: true))
        #expect(!closed.restricts(.other, mayEdit: true))
    }

    @Test("without read only who may edit has access; without write nobody")
    func readAndWrite() {
        let editors = BinaryAccess(group: ["-read"])
        let nobody = BinaryAccess(group: ["-write"])
        for subject in [BinaryAccess.Subject.other, .originalFile(name: "a.txt", images: [])] {
            #expect(editors.restricts(subject, mayEdit: false) && !editors.restricts(subject, mayEdit: true))
            #expect(nobody.restricts(subject, mayEdit: true))
        }
    }

    @Test("reading what is restricted says so")
    func download() throws {
        let object = Fixture.object(.originalFile, in: .readWriteGroup)
        #expect(throws: AccessRefusal(.securityViolation, "Download is restricted for OriginalFile:5")) {
            try standard.authorizeDownload(of: object, .originalFile(name: "a", images: [true]), mayEdit: true)
        }
        try standard.authorizeDownload(of: object, .originalFile(name: "a", images: [false]), mayEdit: false)
    }
}
