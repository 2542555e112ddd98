import Ice
import IceEncoding
import OMEROAPI
import Testing

extension OMEROPeerTests {
    @Suite("Instances of every class go from omero-py to Swift and back")
    struct InstanceTests {
        /// The classes of which there are only instances of derived ones.
        private static let abstract = [
            "::omero::RCollection", "::omero::RType", "::omero::model::Annotation", "::omero::model::BasicAnnotation",
            "::omero::model::CodomainMapContext", "::omero::model::IObject", "::omero::model::Job",
            "::omero::model::LightSource", "::omero::model::NumericAnnotation", "::omero::model::Shape",
            "::omero::model::TextAnnotation", "::omero::model::TypeAnnotation",
        ]

        @Test("filled, empty, unloaded and in cycles, as they were sent", arguments: [EncodingVersion.v1_0, .v1_1])
        func roundTrip(encoding: EncodingVersion) async throws {
            try await withJudge { judge, _ in
                let judge = judge.encoding(encoding)
                let cases = try await judge.cases()
                for name in cases { await check(name, judge, encoding) }
                var kinds: [Substring: Int] = [:]
                for name in cases { kinds[name.split(separator: " ")[1], default: 0] += 1 }
                // 302 classes, 12 of which are abstract; 162 are objects of the model, 198 can be in a cycle.
                #expect(kinds == ["full": 290, "null": 290, "unloaded": 162, "cyclic": 198])
                for name in Self.abstract {
                    #expect(!cases.contains("\(name) full") && omeroTypes.classDescriptor(name) != nil)
                }
            }
        }

        private func check(_ name: String, _ judge: Judge, _ encoding: EncodingVersion) async {
            do {
                let (object, wanted) = try await judge.build(name)
                let className = name.prefix { $0 != " " }
                if object?.typeID != String(className) { throw Mismatch("\(object?.typeID ?? "null") was found") }
                if let difference = difference(wanted, Description.of(object?.object)) { throw Mismatch(difference) }
                var answers = [try await judge.check(name, object)]
                // A copy is what drafts and answers are made of.
                let copy = object.map { object in GraphBuilder.build { $0.copy(object) } }
                answers.append(try await judge.check(name, copy))
                if encoding == .v1_1 { answers.append(try await judge.check(name, object, format: .sliced)) }
                if let answer = answers.first(where: { !$0.isEmpty }) { throw Mismatch("sent back: \(answer)") }
            } catch {
                Issue.record("\(name), encoding \(encoding): \(String(reflecting: error))")
            }
        }
    }
}

extension OMEROPeerTests {
    @Suite("Exceptions go both ways")
    struct ExceptionTests {
        /// Throws what the peer throws.
        private struct Thrower: Servant {
            let judge: Judge
            var typeIDs: [String] { ["::test::Thrower"] }

            func dispatch(_ request: IncomingRequest) async throws -> OutgoingResponse {
                let name = try request.read { try String(from: &$0) }
                try await judge.encoding(request.current.encoding).fail(name)
                return try request.respond()
            }
        }

        @Test("every exception, with all members", arguments: [EncodingVersion.v1_0, .v1_1])
        func roundTrip(encoding: EncodingVersion) async throws {
            try await withJudge { judge, communicator in
                let judge = judge.encoding(encoding)
                let adapter = try communicator.createObjectAdapter("exceptions", endpoints: "tcp -h 127.0.0.1 -p 0")
                let identity = Identity(name: "thrower")
                try adapter.add(Thrower(judge: judge), identity: identity)
                try await adapter.activate()
                let servant = adapter.createProxy(identity)
                let names = try await judge.exceptions()
                #expect(names.count == 32)
                for name in names {
                    let wanted = try await judge.describeException(name)
                    var found: (any UserException)?
                    do { try await judge.fail(name) } catch let error as any UserException { found = error }
                    #expect(found?.typeID == name)
                    #expect(found.map { type(of: $0) == omeroTypes.exception(name) } == true)
                    #expect(difference(wanted, found.map { Description.of($0) } ?? "nothing") == nil, "\(name)")
                    let answer = try await judge.catch(name, from: servant.withEncoding(encoding))
                    #expect(answer.isEmpty, "\(name)")
                }
            }
        }

        @Test("members have their names, bases are caught")
        func members() async throws {
            try await withJudge { judge, _ in
                let text = try await judge.describeException("::omero::LockTimeout")
                do {
                    try await judge.fail("::omero::LockTimeout")
                    Issue.record("no exception")
                } catch let error as any ConcurrencyExceptionProtocol {
                    #expect(text.contains("\nbackOff=\(error.backOff)\n"))
                    #expect(text.contains("\nmessage=\(error.message)\n"))
                    #expect((error as? LockTimeout).map { text.hasSuffix("\nseconds=\($0.seconds)") } == true)
                }
            }
        }
    }
}
