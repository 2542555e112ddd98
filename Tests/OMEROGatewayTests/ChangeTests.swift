import OMERO
import OMEROServer
import Testing

@Suite struct ChangeTests {
    private func withMember(_ body: @Sendable (BlitzGateway) async throws -> Void) async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(configuration) { try await body($0) }
        }
    }

    @Test func `a project is made, renamed, described and found again`() async throws {
        try await withMember { gateway in
            let project = try await gateway.create(Project.self) { $0.name = "New ☃" }
            #expect(project.id != nil)
            #expect(project.ownerID == gateway.userID)
            try await gateway.rename(project, to: "Newer")
            try await gateway.describe(project, as: "Two\nlines")
            let found = try #require(try await gateway.objects(Project.self).named("Newer").first())
            #expect(found == project)
            #expect(try found.description == "Two\nlines")
            try await gateway.describe(found, as: nil)
            let bare = try await gateway.object(Project.self, id: try #require(project.id))
            #expect(try bare.description == nil)
        }
    }

    @Test func `datasets go into projects and out again, once each, in the project's group`() async throws {
        try await withMember { gateway in
            let group = try await gateway.group(named: "sample-private").id
            let project = try await gateway.inGroup(group).create(Project.self) { $0.name = "P" }
            let dataset = try await gateway.inGroup(group).create(Dataset.self) { $0.name = "D" }
            try await gateway.link(dataset, into: project)
            try await gateway.link(dataset, into: project)
            let inside = try await gateway.inGroup(group).objects(Dataset.self).inside(project).all()
            #expect(inside == [dataset])
            let wrong = await failure { try await gateway.link(project, into: dataset) }
            #expect(wrong?.kind == .invalidRequest)
        }
    }

    @Test func `tags are reused, and annotations of every kind are listed`() async throws {
        try await withMember { gateway in
            let first = try await gateway.create(Project.self) { $0.name = "P1" }
            let second = try await gateway.create(Dataset.self) { $0.name = "D1" }
            let tag = try await gateway.tag(first, "my tag")
            let same = try await gateway.tag(second, "my tag")
            #expect(tag.id == same.id)
            #expect(tag == same)
            try await gateway.annotate(first, with: CommentAnnotation.self) { $0.textValue = "a comment" }
            let all = try await gateway.annotations(of: first)
            #expect(all.count == 2)
            let tags = try await gateway.annotations(of: first, as: TagAnnotation.self)
            #expect(try tags.map { try $0.textValue } == ["my tag"])
            let tagged = try await gateway.objects(Dataset.self).tagged("my tag").all()
            #expect(tagged == [second])
        }
    }

    @Test func `what is not one's own is not changed, and somebody's newer change not overwritten`() async throws {
        try await withMember { gateway in
            let group = try await gateway.group(named: "sample-read-only").id
            let others = try await gateway.inGroup(group).objects(Project.self)
                .filter("obj.details.owner.id <> :me", ["me": .long(gateway.userID)]).all()
            let other = try #require(others.first)
            #expect(!other.canEdit)
            let refused = await failure { try await gateway.rename(other, to: "mine now") }
            #expect(refused?.kind == .noPermission)
            let project = try await gateway.create(Project.self) { $0.name = "P" }
            try await gateway.rename(project, to: "newer")
            let stale = await failure { try await gateway.save(project.edited { $0.name = "from the old one" }) }
            #expect(stale?.serverException == "omero.OptimisticLockException")
        }
    }
}
