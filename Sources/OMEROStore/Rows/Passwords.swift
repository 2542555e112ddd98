internal import Foundation
internal import GRDB

/// What became of a password that somebody gave.
public enum PasswordCheck: Sendable, Hashable {
    /// It is that of the user.
    case accepted(userID: Int64)
    /// It is not that of the user.
    case wrong(userID: Int64)
    /// No password opens the account.
    case locked(userID: Int64)
    /// There is no such user.
    case unknownUser

    /// Whether it opens the account.
    public var isAccepted: Bool {
        guard case .accepted = self else { return false }
        return true
    }
}

extension ReadTransaction {
    /// What is stored for a user; no row means the same as null there.
    public func storedPassword(ofUser id: Int64) throws -> StoredPassword {
        let found: [String?] = try rows("SELECT hash FROM password WHERE experimenter_id = ?", [id]).map { $0[0] }
        return found.first.map(StoredPassword.init(column:)) ?? .locked
    }

    /// When the password of a user was set; nil if never.
    public func passwordChanged(ofUser id: Int64) throws -> Timestamp? {
        let found: [Int64?] = try rows("SELECT changed FROM password WHERE experimenter_id = ?", [id]).map { $0[0] }
        return (found.first ?? nil).map(Timestamp.init(milliseconds:))
    }

    /// Whether a user must have a password: guest never, members of `system` always, others as the server is set
    /// (`omero.security.password_required`).
    public func isPasswordRequired(ofUser id: Int64, otherwise setting: Bool = true) throws -> Bool {
        if id == UserRecord.guestID { return false }
        return try setting || membership(user: id, group: GroupRecord.systemID) != nil
    }
}

extension WriteTransaction {
    /// The bit of a user's permissions that says that the password must be changed; a change clears it.
    private static let mustChangeBit: Int64 = 1 << 16

    /// Stores a password that ``Store/prepare(password:required:)`` made.
    public func setPassword(_ password: StoredPassword, ofUser id: Int64, by caller: Caller) throws {
        try execute(
            """
            INSERT INTO password (experimenter_id, hash, changed) VALUES (?, ?, ?) ON CONFLICT (experimenter_id) \
            DO UPDATE SET hash = excluded.hash, changed = excluded.changed
            """,
            [id, password.column, now.milliseconds]
        )
        try execute("UPDATE experimenter SET permissions = permissions & ~\(Self.mustChangeBit) WHERE id = ?", [id])
        try log(.password, "Experimenter", id, by: caller)
    }
}

extension Store {
    /// Checks a password, which takes as long whether the user is unknown or the password wrong.
    ///
    /// A password that is stored in OMERO's old form is stored anew when it was right.
    ///
    /// - Parameters:
    ///   - password: as the user typed it.
    ///   - name: the log-in name.
    ///   - required: `omero.security.password_required`; if false, a blank password opens its account to every password.
    public func checkPassword(
        _ password: String,
        ofUserNamed name: String,
        required: Bool = true
    ) async throws -> PasswordCheck {
        let found = try await read { transaction in
            try transaction.user(name: name).map { user in
                (
                    id: user.id, stored: try transaction.storedPassword(ofUser: user.id),
                    isRequired: try transaction.isPasswordRequired(ofUser: user.id, otherwise: required)
                )
            }
        }
        guard let found else {
            _ = try await passwords.matches(.locked, password, userID: -1)
            return .unknownUser
        }
        let form = found.stored.form
        if form == .open, !found.isRequired { return .accepted(userID: found.id) }
        if try await passwords.matches(form, password, userID: found.id) {
            if case .md5 = form { try? await renew(found.stored, password, userID: found.id) }
            return .accepted(userID: found.id)
        }
        switch form {
        case .locked, .open, .unreadable: return .locked(userID: found.id)
        case .md5, .scrypt: return .wrong(userID: found.id)
        }
    }

    /// Makes what is to be stored for a password. Nil locks the account, and so does a blank one if one is required;
    /// if none is, a blank one opens it to every password.
    public func prepare(password: String?, required: Bool = true) async throws -> StoredPassword {
        guard let password else { return .locked }
        if password.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty { return required ? .locked : .open }
        return StoredPassword(column: try await passwords.hash(password))
    }

    /// Stores the same password in the form of today; it is no change of it, so it doesn't count as one.
    private func renew(_ old: StoredPassword, _ password: String, userID: Int64) async throws {
        let new = try await passwords.hash(password)
        let column = old.column
        try await write { transaction in
            _ = try transaction.execute(
                "UPDATE password SET hash = ? WHERE experimenter_id = ? AND hash = ?",
                [new, userID, column]
            )
        }
    }
}
