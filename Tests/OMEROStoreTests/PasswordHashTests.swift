import Testing

@testable import OMEROStore

@Suite("Stored passwords")
struct PasswordHashTests {
    // Computed with Python's hashlib.
    @Test(
        "OMERO's digests are accepted: salted, without salt, and in the old encoding",
        arguments: [
            (0, "omero", "kYMkc9SyhupHyJP1Cl2Alg=="), (0, "omero", "LSjpGNDDKH/7iZyIwB8OTA=="),
            (2, "ome", "0f9kJPTXujEY2TxjCrrhwg=="), (51, "pässwörd", "qMaY9elUiCWq/MYHOeiFmw=="),
            (51, "pässwörd", "EoQeS6XjfS+/x4RYxnFK3g=="), (51, "pässwörd", "Sc41PIJ4Ie5UV9Dg8fU0ug=="),
            (51, "pässwörd", "LKZ6Lb86L1LvUSairo+KLw=="), (Int64.max, "日本語", "PEqf61lwpie1QMA3ASNnjQ=="),
        ] as [(Int64, String, String)]
    )
    func digests(user: Int64, password: String, column: String) async throws {
        let hasher = PasswordHasher(cost: .negligible)
        let stored = StoredPassword(column: column).form
        #expect(try await hasher.matches(stored, password, userID: user))
        #expect(try await !hasher.matches(stored, password + " ", userID: user))
        #expect(try await !hasher.matches(stored, "", userID: user))
    }

    @Test("a salted digest is of one user only")
    func salt() {
        #expect(StoredPassword(column: "0f9kJPTXujEY2TxjCrrhwg==").form != .unreadable)
        let digest = OMERODigest.candidates("ome", userID: 2)[0]
        #expect(OMERODigest.matches(digest, "ome", userID: 2))
        #expect(!OMERODigest.matches(digest, "ome", userID: 3))
    }

    // Computed with Python's hashlib.scrypt.
    @Test(
        "hashes that others made with scrypt are read",
        arguments: [
            "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$9syUqSoUgA6P+QPOfbIqCr1z+9tiZFEM0OslMax6xj8",
            "$scrypt$ln=10,r=4,p=2$MDEyMzQ1Njc4OWFiY2RlZg$A0VJjKIY+bznWEDJmEXXR3jPGiob886bhUXgnyT4A8c",
        ]
    )
    func scrypt(column: String) async throws {
        let hasher = PasswordHasher(cost: .negligible)
        let stored = StoredPassword(column: column).form
        for _ in 0..<2 {
            #expect(try await hasher.matches(stored, "pässwörd", userID: 5))
            #expect(try await !hasher.matches(stored, "passwörd", userID: 5))
        }
    }

    @Test("a new hash says how it was made, is never the same twice, and fits its column")
    func writing() async throws {
        let hasher = PasswordHasher(cost: .negligible)
        let (first, second) = (try await hasher.hash("geheim"), try await hasher.hash("geheim"))
        #expect(first.hasPrefix("$scrypt$ln=4,r=8,p=1$"))
        #expect(first != second)
        #expect(ScryptHash(first)?.description == first)
        #expect(first.utf8.count <= 255)
        #expect(try await hasher.matches(StoredPassword(column: first).form, "geheim", userID: 1))
    }

    @Test(
        "what is no hash opens no account",
        arguments: [
            nil, "", "  ", "omero", "LSjpGNDDKH/7iZyIwB8OTA", "$scrypt$ln=31,r=8,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA",
            "$scrypt$ln=4,r=8$MDEyMzQ1Njc4OWFiY2RlZg$9syUqSoUgA6P+QPOfbIqCr1z+9tiZFEM0OslMax6xj8", "$2b$12$abcdefghijk",
        ] as [String?]
    )
    func unreadable(column: String?) async throws {
        let hasher = PasswordHasher(cost: .negligible)
        #expect(try await !hasher.matches(StoredPassword(column: column).form, column ?? "", userID: 0))
    }
}
