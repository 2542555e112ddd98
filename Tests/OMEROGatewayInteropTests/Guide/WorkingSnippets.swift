import OMERO
import OMEROAPI
import Testing

// Who, where, what.
extension GuideTests {
    static func identity(_ guide: Guide) async throws {
        try await guide.withUser("sample-light-admin", "light-6") { gateway in
            // snippet: whoami
            let me = try await gateway.whoAmI()
            print(me.userID, me.userName, "in", me.groupName)
            let fullName = try await gateway.user(me.userID).fullName
            // end
            #expect(fullName == "Linus Light")
            // snippet: admin
            print(me.isAdmin, me.isFullAdmin)  // true false
            let mayActForOthers = me.privileges.contains(.sudo)
            let administrators = try await gateway.administrators().map(\.name)
            // end
            #expect(me.isAdmin && !me.isFullAdmin && mayActForOthers)
            #expect(Set(administrators) == ["root", "sample-admin", "sample-light-admin"])
        }
    }

    static func groups(_ guide: Guide) async throws {
        try await guide.withMember { gateway in
            // snippet: my-groups
            let mine = try await gateway.myGroups()
            for group in mine { print(group.id, group.name, group.level?.letters ?? "") }  // 5 lab 7 rwra--
            let led = try await gateway.ledGroups()
            let colleagues = try await gateway.colleagues()  // the others in the session's group
            // end
            #expect(mine.count == 5)
            #expect(led.isEmpty)
            #expect(!colleagues.isEmpty && !colleagues.contains { $0.id == gateway.userID })
            let privateGroup = try await gateway.group(named: "sample-private").id
            // snippet: in-group
            let lab = gateway.inGroup(privateGroup)  // a value; the gateway stays as it was
            let projects = try await lab.objects(Project.self).all()
            let everywhere = try await gateway.inAllGroups.objects(Project.self).count()
            // end
            #expect(projects.count == 1 && everywhere > 1)
            // snippet: default-group
            gateway.setDefaultGroup(.all)  // from now on, for calls that name no group
            // end
            let all = try await gateway.objects(Project.self).count()
            #expect(all == everywhere)
            gateway.setDefaultGroup(.session)
            let id = try #require(projects.first?.id)
            // snippet: any-group
            let project = try await gateway.inAllGroups.object(Project.self, id: id)
            let there = try gateway.inGroup(of: project)
            let datasets = try await there.objects(Dataset.self).inside(project).all()
            // end
            #expect(datasets.count == 2)
            // snippet: switch
            try await gateway.switchSession(toGroup: privateGroup)  // for everyone who is in this session
            try await gateway.switchBack()
            // end
            let me = try await gateway.whoAmI()
            #expect(me.groupName == "sample-read-annotate")
            // snippet: owner
            let her = try await gateway.user(named: "sample-leader")
            let hers = try await gateway.inAllGroups.objects(Project.self).ownedBy(her.id).all()
            // end
            #expect(hers.count == 3)
        }
    }

    static func parallelGroups(_ guide: Guide) async throws {
        try await guide.withMember { gateway in
            // snippet: parallel
            let counts = try await withThrowingTaskGroup(of: (String, Int).self) { tasks in
                for group in try await gateway.myGroups() {
                    tasks.addTask {
                        (group.name, try await gateway.inGroup(group.id).objects(Image.self).count())
                    }
                }
                return try await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
            }
            // end
            #expect(counts["sample-private"] == 12)
            #expect(counts["user"] == 0)
        }
    }

    static func actingForOthers(_ guide: Guide) async throws {
        try await guide.withUser("root", "omero") { gateway in
            // snippet: may-act
            switch try await gateway.mayAct(as: "sample-member", group: "sample-private") {
            case .yes: break
            case .notAllowed(let why), .notMember(let why), .unknown(let why): print(why)
            }
            // end
            // snippet: sudo
            let images = try await gateway.withUser("sample-member", group: "sample-private") { other in
                let me = try await other.whoAmI()
                print(me.userName, "who is really", me.sudoer?.name ?? "")
                return try await other.objects(Image.self).count()
            }
            // end
            #expect(images == 12)
            // snippet: sudo-limits
            let other = try await gateway.actingAs("sample-member", idle: .seconds(60), life: .seconds(3600))
            print(other.userName)
            await other.close()  // its session ends; the administrator's goes on
            // end
            #expect(other.sessionLimits.life == .seconds(3600))
            #expect(other.sessionLimits.idle == .seconds(60))
        }
    }

    static func objects(_ guide: Guide) async throws {
        try await guide.withMember { gateway in
            // snippet: projects
            for try await project in gateway.objects(Project.self).ordered(by: .name) {
                print(project.id ?? 0, try project.name, project.ownerName ?? "")
            }
            // end
            let known = try await gateway.objects(Project.self).ownedBy(gateway.userID).first()
            let project = try #require(known)
            // snippet: children
            let datasets = try await gateway.objects(Dataset.self).inside(project).all()
            let orphans = gateway.objects(Image.self).ownedBy(gateway.userID).orphaned()
            let page = try await orphans.ordered(by: .name).skipping(0).limited(to: 20).all()
            // end
            #expect(datasets.count == 2 && page.count == 1)
            // snippet: tagged
            let mine = gateway.ownedBy(gateway.userID)
            let tagged = try await mine.objects(Image.self).tagged("mitosis").all()
            let withGene = try await mine.objects(Image.self).withKey("Gene", value: "CDC20").all()
            // end
            #expect(tagged.count == 2 && withGene.count == 1)
            // snippet: loading
            let images = gateway.objects(Image.self).named(containing: "zelle").loading(\.pixels)
            let count = try await images.count()
            // end
            #expect(count > 0)
            // snippet: query
            let rows = try await gateway.rows(
                "select p.id, p.name from Project p where p.details.owner.id = :me",
                ["me": .long(gateway.userID)], as: (Int64, String).self)
            // end
            #expect(rows.count == 1)
            // snippet: service
            let settings = try await gateway.withService(IConfigPrx.self) { service in
                try await service.getClientConfigDefaults()
            }
            // end
            #expect(!settings.isEmpty)
        }
    }

    static func changes(_ guide: Guide) async throws {
        try await guide.withMember { gateway in
            let group = try await gateway.group(named: "sample-read-write").id
            // snippet: create
            var project = try await gateway.create(Project.self) { $0.name = "Mitosis" }
            let dataset = try await gateway.create(Dataset.self) { $0.name = "Monday" }
            try await gateway.link(dataset, into: project)
            project = try await gateway.rename(project, to: "Mitosis 2")
            try await gateway.tag(project, "to be checked")
            // end
            let id = try #require(project.id)
            // snippet: move
            let moved = try await gateway.move(Project.self, ids: [id], toGroup: group) { progress in
                print(progress.step, "of", progress.steps)
            }
            print(moved.includedCount(of: "Dataset"))  // 1: what it holds goes along
            // end
            #expect(moved.includedCount(of: "Dataset") == 1)
            let there = try await gateway.inGroup(group).object(Project.self, id: id)
            // snippet: delete
            let report = try await gateway.delete(there)
            print(report.deletedCount(of: "Project"), report.deletedCount(of: "Dataset"))
            // end
            #expect(report.deletedCount(of: "Project") == 1)
        }
    }

    static func administration(_ guide: Guide) async throws {
        try await guide.withUser("root", "omero") { gateway in
            // snippet: accounts
            let lab = try await gateway.createGroup(named: "lab 7", level: .readAnnotate)
            let ami = try await gateway.createUser(
                NewUser(name: "ami", firstName: "Ami", lastName: "Adler"), password: "correct horse", group: lab)
            try await gateway.addLeaders([ami], toGroup: lab)
            try await gateway.setPermissions(.readWrite, ofGroup: lab)
            try await gateway.setPassword("battery staple", ofUserNamed: "ami")
            try await gateway.setActive(false, ofUser: ami)  // can't log in any more
            // end
            let user = try await gateway.user(ami)
            #expect(user.isActive == false)
            let project = try await gateway.inGroup(lab).create(Project.self) { $0.name = "Hers" }
            let id = try #require(project.id)
            // snippet: give
            try await gateway.inGroup(lab).give(Project.self, ids: [id], toUser: ami)
            // end
            let given = try await gateway.inGroup(lab).object(Project.self, id: id)
            #expect(given.ownerID == ami)
            let group = try await gateway.group(lab)
            #expect(group.level == .readWrite && group.leaders == [ami])
        }
    }
}
