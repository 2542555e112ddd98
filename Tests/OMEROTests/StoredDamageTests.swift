import Foundation
import OMERO
import Testing

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// Session files as crashes, other programs and bad luck leave them.
@Suite struct StoredDamageTests {
    private let folder: TemporaryFolder
    private let files: SessionFiles
    private let good = StoredSession(host: "h", user: "ami", key: "good")

    init() throws {
        folder = try TemporaryFolder()
        files = SessionFiles(root: folder.path + "/sessions")
        try files.add(good)
    }

    /// The good session is listed, the bad file is not, and is told of.
    private func expectSkipped(_ bad: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
        let listing = try files.all()
        #expect(listing.sessions == [good], sourceLocation: sourceLocation)
        #expect(listing.skipped.count == 1, sourceLocation: sourceLocation)
        #expect(
            listing.skipped.first?.message.contains(bad) == true, "\(listing.skipped)", sourceLocation: sourceLocation)
        #expect(listing.skipped.first?.kind == .badConfiguration, sourceLocation: sourceLocation)
        #expect(listing.skipped.first?.advice != nil, sourceLocation: sourceLocation)
        #expect(try files.current() == good, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        Data(), Data("omero.host=h".utf8), Data("omero.sess=other\n".utf8), Data([0, 1, 2, 0xff]),
        Data("omero.sess=bad\nomero.port=4064x\n".utf8), Data("omero.sess=bad\nomero.port=99999999999999999999\n".utf8),
        Data("omero.sess=bad\nomero.timeout=-1\n".utf8), Data("omero.sess=bad\0".utf8),
        Data(repeating: UInt8(ascii: "="), count: 1 << 20), Data(repeating: 10, count: 1 << 20),
    ])
    func `damaged content is skipped`(_ content: Data) throws {
        try folder.write("sessions/h/ami/bad", content)
        try expectSkipped("The session file in \(files.root)/h/ami")
        #expect(throws: GatewayError.self) { try files.find(key: "bad") }
    }

    @Test func `rubbish never traps`() throws {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<300 {
            let pieces = [
                "omero.", "sess", "port", "=", "\n", "\r", "\u{2028}", "bad", "é", "\u{301}", "0", "-9", "%", "\0",
            ]
            let text = (0..<random.next(upperBound: UInt(30))).map { _ in pieces.randomElement() ?? "" }.joined()
            try folder.write("sessions/h/ami/bad", text)
            try folder.write("sessions/h/._LASTUSER_", text)
            try folder.write("sessions/._LASTPORT_", text)
            #expect(try files.all().sessions.contains(good))
            _ = try? files.current()
            _ = try? files.find(key: text)
            _ = try? files.sessions(host: text, user: text)
        }
    }

    @Test func `a loop of links is skipped`() throws {
        try FileManager.default.createSymbolicLink(atPath: files.root + "/h/ami/bad", withDestinationPath: "bad")
        try expectSkipped("The session file in \(files.root)/h/ami")
    }

    @Test(.timeLimit(.minutes(1))) func `a pipe in a file's place keeps nobody waiting`() throws {
        #expect(mkfifo(files.root + "/h/ami/bad", 0o600) == 0)
        try expectSkipped("is no regular file")
    }

    @Test func `a folder in a file's place is skipped`() throws {
        try folder.write("sessions/h/ami/bad/inside", "")
        try expectSkipped("is no regular file")
    }

    @Test func `files in folders' places are skipped`() throws {
        try folder.write("sessions/other", "")
        try expectSkipped("\(files.root)/other is no folder of a host")
        try FileManager.default.removeItem(atPath: files.root + "/other")
        try folder.write("sessions/h/other", "")
        try expectSkipped("\(files.root)/h/other is no folder of a user")
        let error = #expect(throws: GatewayError.self) {
            try files.add(StoredSession(host: "h", user: "other", key: "k"))
        }
        #expect(error?.message == "\(files.root)/h/other is no folder")
    }

    @Test(arguments: ["%2f", "a b", "%zz", "%", "%FF", "localhost:4064"])
    func `a folder that is not named as a host is skipped`(_ name: String) throws {
        try folder.write("sessions/\(name)/ami/k", "omero.sess=k\n")
        try expectSkipped("it is not named as hosts are")
    }

    @Test func `a file in place of the whole folder is an error`() throws {
        let file = try folder.write("file", "")
        for root in [file, file + "/below"] {
            let files = SessionFiles(root: root)
            for error in [
                #expect(throws: GatewayError.self) { _ = try files.all() },
                #expect(throws: GatewayError.self) { try files.add(good) },
            ] {
                #expect(error?.kind == .badConfiguration)
                #expect(error?.message.contains(file) == true)
            }
        }
    }

    @Test(arguments: ["..", "../../etc", "x\ny", "", " \n", "\u{0}"])
    func `a mark that leads nowhere is no current session`(_ text: String) throws {
        for name in ["._LASTHOST_", "h/._LASTUSER_", "h/ami/._LASTSESS_"] {
            try files.setCurrent(good)
            try folder.write("sessions/" + name, text)
            if text == "\0" {
                #expect(throws: GatewayError.self) { try files.current() }
            } else {
                #expect(try files.current() == nil)
            }
        }
    }

    @Test func `a mark of a session that is not there is no current session`() throws {
        try folder.write("sessions/h/ami/._LASTSESS_", "missing\n")
        #expect(try files.current() == nil)
    }

    @Test(.timeLimit(.minutes(1))) func `a lock that is not let go of is waited for no longer than it takes`() throws {
        let file = open(files.root + "/._LOCK_", O_RDWR)
        try #require(file >= 0 && flock(file, LOCK_EX) == 0)
        let error = #expect(throws: GatewayError.self) { try files.add(good) }
        close(file)
        #expect(error?.message == "\(files.root)/._LOCK_ has been locked for 5 seconds")
        try files.add(good)
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `what may not be read is skipped, and what may not be written is an error`() throws {
        let file = try folder.write("sessions/h/ami/bad", "omero.sess=bad\n")
        chmod(file, 0)
        try expectSkipped("Permission denied")
        let closed = folder.path + "/closed"
        mkdir(closed, 0o500)
        let error = #expect(throws: GatewayError.self) { try SessionFiles(root: closed + "/sessions").add(good) }
        #expect(error?.message.contains("Permission denied") == true)
    }

    #if os(Linux)
        @Test func `a file system that takes nothing is an error with advice`() throws {
            let error = #expect(throws: GatewayError.self) { try SessionFiles(root: "/proc/self/sessions").add(good) }
            #expect(error?.message.hasPrefix("/proc/self/sessions: making the folder failed: ") == true)
            #expect(error?.advice != nil)
        }
    #endif
}
