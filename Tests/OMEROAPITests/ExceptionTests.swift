import IceEncoding
import NIOCore
import OMEROAPI
import OMEROModel
import Testing

@Suite("OMERO's exceptions")
struct ExceptionTests {
    private func read(_ exception: some UserException, _ encoding: EncodingVersion, _ format: SliceFormat) throws
        -> any UserException
    {
        var output = IceOutputStream(encoding: encoding, format: format)
        output.write(exception)
        var input = IceInputStream(try output.finish(), encoding: encoding, types: omeroTypes)
        let read = try input.readException()
        try input.expectEnd()
        return read
    }

    static let forms: [(EncodingVersion, SliceFormat)] = [(.v1_0, .compact), (.v1_1, .compact), (.v1_1, .sliced)]

    @Test("members come back, those of the bases too", arguments: forms)
    func roundTrip(encoding: EncodingVersion, format: SliceFormat) throws {
        let busy = DatabaseBusyException(
            message: "busy", serverStackTrace: "trace", serverExceptionClass: "ome.Busy", backOff: 250)
        #expect(try read(busy, encoding, format) as? DatabaseBusyException == busy)
        let plain = ServerError(message: "m", serverStackTrace: "t", serverExceptionClass: "c")
        #expect(try read(plain, encoding, format) as? ServerError == plain)
    }

    @Test("a derived exception is caught as one of its bases")
    func catching() {
        func thrown(_ error: any Error) -> [String] {
            var caught: [String] = []
            do { throw error } catch is any ServerErrorProtocol { caught.append("ServerError") } catch {}
            do { throw error } catch is any ConcurrencyExceptionProtocol { caught.append("Concurrency") } catch {}
            do { throw error } catch is any SessionExceptionProtocol { caught.append("Session") } catch {}
            return caught
        }
        #expect(thrown(DatabaseBusyException(backOff: 1)) == ["ServerError", "Concurrency"])
        #expect(thrown(ValidationException()) == ["ServerError"])
        #expect(thrown(RemovedSessionException()) == ["ServerError", "Session"])
        do {
            throw DatabaseBusyException(message: "busy", backOff: 7)
        } catch let error as any ConcurrencyExceptionProtocol {
            #expect(error.backOff == 7)
            #expect(error.message == "busy")
        } catch {
            Issue.record("not caught")
        }
    }

    @Test("an exception is made one of its bases, and of nothing else")
    func upcast() throws {
        let busy = DatabaseBusyException(message: "busy", serverStackTrace: "trace", backOff: 7)
        #expect(busy.upcast(to: ConcurrencyException.self)?.backOff == 7)
        #expect(busy.upcast(to: ServerError.self) == ServerError(message: "busy", serverStackTrace: "trace"))
        #expect(busy.upcast(to: SessionException.self) == nil)
        #expect(ServerError().upcast(to: ConcurrencyException.self) == nil)
        #expect(busy.isA("::omero::ServerError"))
        #expect(DatabaseBusyException.baseTypeIDs == ["::omero::ConcurrencyException", "::omero::ServerError"])
    }

    @Test("an exception of a newer server reads as the nearest base that is known", arguments: forms)
    func newer(encoding: EncodingVersion, format: SliceFormat) throws {
        if format == .compact, encoding == .v1_1 { return }
        let read = try read(NewerException(message: "new", backOff: 9), encoding, format)
        #expect((read as? ConcurrencyException)?.backOff == 9)
        #expect((read as? ConcurrencyException)?.message == "new")
    }

    /// The type of every exception that is generated.
    private func allTypes() throws -> [any UserException.Type] {
        let ids = try GeneratedCode.files("OMEROAPI/Generated/Exceptions").compactMap { file in
            file.text.firstMatch(of: #/ExceptionDescriptor\(\s*"([^"]+)"/#).map { String($0.1) }
        }
        return try ids.map { try #require(omeroTypes.exception($0), "\($0)") }
    }

    /// An exception whose message is `message`, and whose other texts are all `secret`.
    private func filled<Error: UserException>(_ type: Error.Type, message: String, secret: String) -> Error {
        let fields = type.descriptor.allFields
        let record = GraphBuilder.build { builder in
            let record = builder.add(ClassDescriptor("::test::Record", fields: fields))
            for (number, field) in fields.enumerated() {
                switch field.type {
                case .string:
                    builder[record][number] = ["message", "reason"].contains(field.name) ? message : secret
                case .sequence(.string): builder[record][number] = [secret]
                case .dictionary(.string, .string): builder[record][number] = [secret: secret]
                default: break
                }
            }
            return record
        }
        return type.init(record: record)
    }

    @Test("what is shown of an exception is its name and message: no trace, no class of the server")
    func descriptions() throws {
        let types = try allTypes()
        #expect(types.count == 32)
        for type in types {
            let error = filled(type, message: "the message", secret: "SECRET")
            if let error = error as? any ServerErrorProtocol { #expect(error.serverStackTrace == "SECRET") }
            let name = type.typeID.split(separator: ":").last ?? ""
            #expect("\(error)" == "\(name): the message")
            #expect(String(describing: error as any Error) == "\(error)")
        }
    }

    /// For comparison; all exceptions are hashable, which the compiler does not see here.
    private func hashable(_ error: Any) -> AnyHashable? { error as? AnyHashable }

    @Test("every exception comes back over the wire", arguments: forms)
    func everyException(encoding: EncodingVersion, format: SliceFormat) throws {
        for type in try allTypes() {
            let error = filled(type, message: "the message", secret: "other")
            let read = try read(error, encoding, format)
            #expect(read.typeID == error.typeID)
            #expect(hashable(read) == hashable(error))
            for base in error.isA("::omero::ServerError") ? [ServerError.self] : [] {
                #expect(read.upcast(to: base)?.message == "the message")
            }
        }
    }
}

/// An exception that only a newer server knows.
private struct NewerException: UserException {
    static let descriptor = ExceptionDescriptor(
        "::omero::NewerException",
        base: ConcurrencyException.descriptor,
        fields: [.init("hint", .string)]
    )
    var message = ""
    var backOff: Int64 = 0

    init(message: String, backOff: Int64) {
        self.message = message
        self.backOff = backOff
    }
    init(record: ObjectReference) {}
    func store(in record: RecordDraft) {
        record[2] = message
        record[3] = backOff
        record[4] = "hint"
    }
}
