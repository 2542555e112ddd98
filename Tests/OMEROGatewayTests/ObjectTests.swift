import OMERO
import OMEROModel
import OMEROServer
import Testing

@Suite struct ObjectTests {
    private func withMember(_ body: @Sendable (BlitzGateway) async throws -> Void) async throws {
        try await OMEROServer.withServer(.withSamples) { server in
            let configuration = server.gatewayConfiguration(.password(user: "sample-member", "member-2"))
            try await BlitzGateway.withConnection(configuration) { try await body($0) }
        }
    }

    @Test func `projects of the session's group and of all groups, each with its owner and group`() async throws {
        try await withMember { gateway in
            let me = try await gateway.whoAmI()
            let here = try await gateway.objects(Project.self).ownedBy(me.userID).all()
            #expect(here.count == 1)
            #expect(here.first?.ownerName == "sample-member")
            #expect(here.first?.groupName == "sample-read-annotate")
            #expect(here.first?.canEdit == true)
            #expect(here.first?.createdAt != nil)
            let everywhere = try await gateway.inAllGroups.objects(Project.self).ownedBy(me.userID).all()
            #expect(everywhere.count == 4)
            #expect(Set(everywhere.compactMap(\.groupID)).count == 4)
            let scoped = try await gateway.inAllGroups.ownedBy(me.userID).objects(Project.self).count()
            #expect(scoped == 4)
        }
    }

    @Test func `children, orphans, names, tags and map values are found`() async throws {
        try await withMember { gateway in
            let mine = gateway.ownedBy(gateway.userID)
            let project = try #require(try await mine.objects(Project.self).first())
            let datasets = try await mine.objects(Dataset.self).inside(project).ordered(by: .name).all()
            #expect(try datasets.map { try $0.name } == ["Mitose – Übersicht", "有糸分裂"])
            let images = try await mine.objects(Image.self).inside(try #require(datasets.last)).all()
            #expect(try images.map { try $0.name } == ["Zelle_2-1.tif", "Zelle_2-2.tif", "Zelle_2-3.tif"])
            let orphans = try await mine.objects(Image.self).orphaned().all()
            #expect(try orphans.map { try $0.name } == ["Waise ohne Dataset.ome.tiff"])
            let empty = try await mine.objects(Dataset.self).orphaned().all()
            #expect(try empty.map { try $0.name } == ["Leer"])
            let byName = try await mine.objects(Image.self).named(containing: "ZELLE_1").count()
            #expect(byName == 3)
            let wild = try await mine.objects(Image.self).named(containing: "Z%").count()
            #expect(wild == 0)
            let keyed = try await mine.objects(Image.self).withKey("no such key").count()
            #expect(keyed == 0)
            let tags = try await mine.objects(TagAnnotation.self).all()
            let tag = try #require(try tags.first { try $0.textValue != nil && $0.ns != nil } ?? tags.last)
            let tagged = try await mine.objects(Project.self).annotated(with: tag.id ?? -1).count()
            let byText = try await mine.objects(Project.self).tagged(try tag.textValue ?? "").count()
            #expect(tagged == byText)
        }
    }

    @Test(arguments: [1, 2, 5, 12, 500])
    func `pages of any size give every object once`(_ size: Int) async throws {
        try await withMember { gateway in
            let query = gateway.ownedBy(gateway.userID).objects(Image.self)
            let byID = try await query.paged(by: size).all().compactMap(\.id)
            #expect(byID.count == 12)
            #expect(byID == byID.sorted())
            #expect(Set(byID).count == 12)
            let byName = try await query.ordered(by: .name).paged(by: size).all()
            #expect(Set(byName.compactMap(\.id)) == Set(byID))
            let part = try await query.paged(by: size).skipping(2).limited(to: 7).all().compactMap(\.id)
            #expect(part == Array(byID[2..<9]))
            let count = try await query.count()
            #expect(count == 12)
        }
    }

    @Test func `objects by number keep the order that was asked for`() async throws {
        try await withMember { gateway in
            let ids = try await gateway.ownedBy(gateway.userID).objects(Image.self).all().compactMap(\.id)
            let wanted = Array(ids.reversed()) + [999_999, ids[3]]
            let found = try await gateway.objects(Image.self).ids(wanted).all().compactMap(\.id)
            #expect(found == Array(ids.reversed()) + [ids[3]])
        }
    }

    @Test func `an object in another group is found in all groups, and its group followed`() async throws {
        try await withMember { gateway in
            let all = try await gateway.inAllGroups.ownedBy(gateway.userID).objects(Project.self).all()
            let session = try await gateway.whoAmI().groupID
            let other = try #require(all.first { $0.groupID != session })
            let id = try #require(other.id)
            let missing = await failure { _ = try await gateway.object(Project.self, id: id) }
            #expect(missing?.kind == .notFound)
            let found = try await gateway.inAllGroups.object(Project.self, id: id, loading: "datasetLinks.child")
            let links = try found.datasetLinks
            #expect(links.count == 2)
            let there = try await gateway.inGroup(of: found).object(Project.self, id: id)
            #expect(there == found)
        }
    }

    @Test func `rows of a query have the types that were asked for, or the call says which column has not`()
        async throws
    {
        try await withMember { gateway in
            let rows = try await gateway.rows(
                "select p.id, p.name, p.description from Project p where p.details.owner.id = :me",
                ["me": .long(gateway.userID)], as: (Int64, String, String?).self)
            #expect(rows.count == 1)
            #expect(rows.first?.1 == "Mia's Projekt ☃")
            let error = await failure {
                _ = try await gateway.rows("select p.name from Project p", as: Int64.self)
            }
            #expect(error?.kind == .invalidRequest)
            #expect(error?.message == "column 1 of the query's result is no Int64")
            let syntax = await failure { _ = try await gateway.rows("selekt nothing", as: Int64.self) }
            #expect(syntax?.kind == .invalidRequest)
            #expect(syntax?.serverException == "omero.QueryException")
        }
    }

    @Test func `a single null is an empty row on the wire, and is read as null`() async throws {
        try await withMember { gateway in
            let hql = "select max(p.id) from Project p where p.id < 0"
            let found = try await gateway.rows(hql, as: Int64?.self)
            #expect(found == [nil])
            #expect(try await gateway.projection(hql) == [[nil]])
            let error = await failure { _ = try await gateway.rows(hql, as: Int64.self) }
            #expect(error?.message == "column 1 of the query's result is no Int64")
            let two = await failure { _ = try await gateway.rows(hql, as: (Int64?, Int64?).self) }
            #expect(two?.message == "column 2 of the query's result is no Optional<Int64>")
            let owner = try await gateway.rows("select p.details.externalInfo.id from Project p", as: Int64?.self)
            #expect(!owner.isEmpty && owner.allSatisfy { $0 == nil })
        }
    }
}
