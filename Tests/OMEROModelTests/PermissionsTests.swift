import OMEROModel
import Testing

@Suite("Permissions")
struct PermissionsTests {
    @Test("strings are read and written as OMERO does")
    func strings() throws {
        for text in ["rwrwrw", "rwra--", "rwr---", "rw----", "------", "rara--", "-w----"] {
            #expect(try #require(Permissions(text)).description == text)
        }
        #expect(Permissions("RWRA__")?.description == "rwra--")
        #expect(Permissions("Lrwr---")?.description == "rwr---")
        #expect(Permissions("rwr---")?[.group, .annotate] == false)
        // To write is to annotate.
        #expect(Permissions("-w----")?[.user, .annotate] == true)
        for text in [
            "", "rw", "rwrwr", "rwrwrwr", "xwrwrw", "wrwrwr", "lrwr---", "rwrwrw ", "LLrwrwr", "r\u{301}wrwrw",
        ] {
            #expect(Permissions(text) == nil, "\(text)")
        }
    }

    @Test("each right of each role is a bit of its own")
    func bits() {
        var seen: Int64 = 0
        for role in Permissions.Role.allCases {
            for right in Permissions.Right.allCases {
                var permissions = Permissions(rawValue: 0)
                permissions[role, right] = true
                #expect(permissions.rawValue.nonzeroBitCount == 1)
                #expect(seen & permissions.rawValue == 0)
                #expect(permissions[role, right])
                seen |= permissions.rawValue
                permissions[role, right] = false
                #expect(permissions.rawValue == 0)
            }
        }
        #expect(seen == 0x777)
    }

    @Test("what the server forbids to the user who asked is forbidden, and nothing else")
    func restrictions() {
        #expect(Permissions.Action.allCases.allSatisfy(Permissions().allows))
        for action in Permissions.Action.allCases {
            var restrictions = [Bool](repeating: false, count: 6)
            restrictions[action.rawValue] = true
            let permissions = Permissions(restrictions: restrictions)
            for other in Permissions.Action.allCases { #expect(permissions.allows(other) == (other != action)) }
        }
        // Servers before 5.4 knew fewer actions.
        let short = Permissions(restrictions: [true, true])
        #expect(
            !short.canLink && !short.canEdit && short.canDelete && short.canAnnotate && short.canChgrp && short.canChown
        )
    }
}
