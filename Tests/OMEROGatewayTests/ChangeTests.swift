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
            // Commands answer in words; these are no failures of the server.
            let kept = await failure { try await gateway.delete(other) }
            #expect(kept?.kind == .noPermission)
            let missing = await failure { try await gateway.delete(Project.self, ids: [1 << 40]) }
            #expect(missing?.kind == .notFound)
            let closed = await failure { try await gateway.setPermissions(.readWrite, ofGroup: group) }
            #expect(closed?.kind == .noPermission)
            let project = try await gateway.create(Project.self) { $0.name = "P" }
            try await gateway.rename(project, to: "newer")
            let stale = await failure { try await gateway.save(project.edited { $0.name = "from the old one" }) }
            #expect(stale?.serverException == "omero.OptimisticLockException")
        }
    }

    @Test func `deleting says what goes along, dry or for good; contents can be kept`() async throws {
        try await withMember { gateway in
            let mine = gateway.ownedBy(gateway.userID)
            let project = try #require(try await mine.objects(Project.self).first())
            let id = try #require(project.id)
            var dry = GraphOptions()
            dry.isDryRun = true
            let planned = try await gateway.delete(project, options: dry)
            #expect(planned.deletedCount(of: "Project") == 1)
            #expect(planned.deletedCount(of: "Image") == 6)
            let still = try await mine.objects(Image.self).count()
            #expect(still == 12)
            let kept = try await gateway.delete(project, options: .keepingContents)
            #expect(kept.deletedCount(of: "Project") == 1)
            #expect(kept.deletedCount(of: "Dataset") == 0)
            let gone = await failure { _ = try await gateway.object(Project.self, id: id) }
            #expect(gone?.kind == .notFound)
            let datasets = try await mine.objects(Dataset.self).orphaned().count()
            #expect(datasets == 3)
        }
    }

    @Test func `a project moves to another group with all that it holds, and is given to somebody else`() async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let member = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            let (id, group, other) = try await BlitzGateway.withConnection(member) { gateway in
                let project = try #require(try await gateway.ownedBy(gateway.userID).objects(Project.self).first())
                let id = try #require(project.id)
                let group = try await gateway.group(named: "sample-read-write").id
                let report = try await gateway.move(Project.self, ids: [id], toGroup: group)
                #expect(report.includedCount(of: "Image") == 6)
                let there = try await gateway.inGroup(group).object(Project.self, id: id)
                #expect(there.groupID == group)
                return (id, group, try await gateway.user(named: "sample-leader").id)
            }
            try await server.withRoot { root in
                let report = try await root.inGroup(group).give(Project.self, ids: [id], toUser: other)
                #expect(report.includedCount(of: "Project") == 1)
                let given = try await root.inGroup(group).object(Project.self, id: id)
                #expect(given.ownerID == other)
            }
        }
    }

    @Test func `a member may not delete what is another's, and nothing is lost`() async throws {
        try await withMember { gateway in
            let group = try await gateway.group(named: "sample-read-only").id
            let others = try await gateway.inGroup(group).objects(Project.self)
                .filter("obj.details.owner.id <> :me", ["me": .long(gateway.userID)]).all()
            let other = try #require(others.first)
            let refused = await failure { try await gateway.delete(other) }
            #expect(refused != nil)
            let still = try await gateway.inGroup(group).object(Project.self, id: try #require(other.id))
            #expect(still == other)
        }
    }
}
