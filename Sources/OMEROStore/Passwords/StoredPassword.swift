internal import Crypto
internal import CryptoExtras
internal import Foundation

/// What the table `password` says of a user: a hash, or why there is none.
public struct StoredPassword: Sendable, Hashable {
    /// The column `hash`.
    let column: String?

    init(column: String?) { self.column = column }

    /// No password opens the account.
    public static let locked = StoredPassword(column: nil)
    /// Every password opens the account, as long as none is required of the user.
    static let open = StoredPassword(column: "")

    enum Form: Equatable {
        case locked
        case open
        /// OMERO's: MD5 over the user's id (8 bytes, big-endian) and the password, or, in old rows, the password only.
        case md5([UInt8])
        case scrypt(ScryptHash)
        /// Nothing that is known here: no password opens the account.
        case unreadable
    }

    var form: Form {
        guard let column else { return .locked }
        let text = column.trimmingCharacters(in: .whitespacesAndNewlines)
        if text.isEmpty { return .open }
        if let hash = ScryptHash(text) { return .scrypt(hash) }
        if text.count == 24, let digest = Data(base64Encoded: text), digest.count == 16 { return .md5([UInt8](digest)) }
        return .unreadable
    }
}

/// OMERO's own way to store passwords: read, never written.
enum OMERODigest {
    /// The digests that OMERO accepts, in the order in which it tries them: salted and not, each in UTF-8 and in the
    /// encoding of very old versions.
    static func candidates(_ password: String, userID: Int64) -> [[UInt8]] {
        var encodings = [[UInt8](password.utf8)]
        if let latin = password.data(using: .isoLatin1), [UInt8](latin) != encodings[0] {
            encodings.append([UInt8](latin))
        }
        let salt = withUnsafeBytes(of: userID.bigEndian) { [UInt8]($0) }
        return encodings.flatMap { [digest(salt + $0), digest($0)] }
    }

    private static func digest(_ bytes: [UInt8]) -> [UInt8] { [UInt8](Insecure.MD5.hash(data: bytes)) }

    static func matches(_ digest: [UInt8], _ password: String, userID: Int64) -> Bool {
        // All are computed and compared, so that the time tells nothing.
        candidates(password, userID: userID).reduce(false) { constantTimeEqual($1, digest) || $0 }
    }
}

/// Compares without a hint, by the time it takes, at where the difference is.
func constantTimeEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return zip(left, right).reduce(0 as UInt8) { $0 | ($1.0 ^ $1.1) } == 0
}

/// What it costs to check a password: memory is 128 · r · 2^ln bytes, and time grows with p as well.
public struct PasswordCost: Sendable, Hashable {
    /// The binary logarithm of scrypt's N.
    public let logN: Int
    /// scrypt's block size.
    public let r: Int
    /// scrypt's number of lanes.
    public let p: Int

    /// 32 MiB: one of the settings that OWASP's password storage recommendations call equal (2^15, 8, 3).
    public static let standard = PasswordCost(logN: 15, r: 8, p: 3)
    /// For tests: safe against nobody.
    public static let negligible = PasswordCost(logN: 4, r: 8, p: 1)

    /// Nil beyond what is accepted from a database too: 256 MiB, and p of 16.
    public init?(checkedLogN logN: Int, r: Int, p: Int) {
        guard (1...20).contains(logN), (1...32).contains(r), (1...16).contains(p), 128 * r << logN <= 256 << 20 else {
            return nil
        }
        self.init(logN: logN, r: r, p: p)
    }

    private init(logN: Int, r: Int, p: Int) {
        self.logN = logN
        self.r = r
        self.p = p
    }
}

/// A hash of scrypt (RFC 7914) that says itself how it was made: `$scrypt$ln=15,r=8,p=3$salt$hash`, with the two in
/// base64 without padding.
struct ScryptHash: Equatable, CustomStringConvertible {
    let cost: PasswordCost
    let salt: [UInt8]
    let hash: [UInt8]

    static let saltSize = 16
    static let hashSize = 32

    /// Hashes a password with a new salt.
    init(_ password: String, cost: PasswordCost) throws {
        var generator = SystemRandomNumberGenerator()
        salt = (0..<Self.saltSize).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        self.cost = cost
        hash = try Self.derive(password, salt, cost, size: Self.hashSize)
    }

    init?(_ text: String) {
        let parts = text.split(separator: "$", omittingEmptySubsequences: false)
        guard parts.count == 5, parts[0].isEmpty, parts[1] == "scrypt" else { return nil }
        var settings: [Substring: Int] = [:]
        for setting in parts[2].split(separator: ",") {
            let sides = setting.split(separator: "=")
            guard sides.count == 2, let number = Int(sides[1]) else { return nil }
            settings[sides[0]] = number
        }
        guard settings.count == 3, let logN = settings["ln"], let r = settings["r"], let p = settings["p"],
            let cost = PasswordCost(checkedLogN: logN, r: r, p: p), let salt = Self.bytes(parts[3]),
            let hash = Self.bytes(parts[4]), salt.count >= 8, (16...64).contains(hash.count)
        else { return nil }
        (self.cost, self.salt, self.hash) = (cost, salt, hash)
    }

    /// A hash of no password that is known.
    static func decoy(_ cost: PasswordCost) -> ScryptHash {
        let zeros = { Array(repeating: 0 as UInt8, count: $0) }
        return ScryptHash(cost: cost, salt: zeros(saltSize), hash: zeros(hashSize))
    }

    private init(cost: PasswordCost, salt: [UInt8], hash: [UInt8]) {
        (self.cost, self.salt, self.hash) = (cost, salt, hash)
    }

    func matches(_ password: String) throws -> Bool {
        constantTimeEqual(try Self.derive(password, salt, cost, size: hash.count), hash)
    }

    var description: String {
        "$scrypt$ln=\(cost.logN),r=\(cost.r),p=\(cost.p)$\(Self.text(salt))$\(Self.text(hash))"
    }

    private static func derive(_ password: String, _ salt: [UInt8], _ cost: PasswordCost, size: Int) throws -> [UInt8] {
        let key = try KDF.Scrypt.deriveKey(
            from: Array(password.utf8),
            salt: salt,
            outputByteCount: size,
            rounds: 1 << cost.logN,
            blockSize: cost.r,
            parallelism: cost.p
        )
        return key.withUnsafeBytes { [UInt8]($0) }
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(Data(bytes).base64EncodedString().prefix { $0 != "=" })
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        Data(base64Encoded: text + String(repeating: "=", count: (4 - text.count % 4) % 4)).map { [UInt8]($0) }
    }
}
