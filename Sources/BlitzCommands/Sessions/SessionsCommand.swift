import ArgumentParser
import OMERO

/// `blitz sessions`: what is done with sessions beside logging in and out.
struct SessionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sessions",
        abstract: "Look after sessions: the stored ones, and those on the server.",
        discussion: """
            A session lives on the server and is known by its key; who has the key is its user. blitz login stores it in \
            a folder that is shared with the omero command of Python. The current session is that of the last log-in.
            """,
        subcommands: [
            SessionsListCommand.self, SessionsWhoCommand.self, SessionsKeyCommand.self, SessionsFileCommand.self,
            SessionsGroupCommand.self, SessionsTimeoutCommand.self, SessionsKeepAliveCommand.self,
            SessionsOpenCommand.self, SessionsCloseCommand.self, SessionsClearCommand.self,
        ],
        defaultSubcommand: SessionsListCommand.self
    )
}

/// `blitz sessions key`
struct SessionsKeyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Print the key of the current session. Keep it secret: it is as good as the password."
    )
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) throws {
        let session = try console.currentSession()
        try console.result(["sessionKey": session.key]) { [session.key] }
    }
}

/// `blitz sessions file`
struct SessionsFileCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "file",
        abstract: "Print the path of the current session's file. The last part of it is the session's key."
    )
    @OptionGroup var output: OutputOptions

    func perform(on console: Console) throws {
        let path = try console.sessionFiles.path(of: console.currentSession())
        try console.result(["path": path]) { [path] }
    }
}

extension Console {
    /// - Throws: ``Failure`` if nobody is logged in.
    func currentSession() throws -> StoredSession {
        guard let session = try sessionFiles.current() else {
            throw Failure(.noSession, "nobody is logged in", advice: "Log in: blitz login user@host")
        }
        return session
    }
}
