import Foundation
import Hummingbird
import OMERO

extension Request {
    /// Who asks, as HTTP's basic authentication says it. The pools keep users apart by name and password together, so
    /// that who knows the name alone gets nothing.
    ///
    /// - Throws: 401 if it says nothing.
    var credentials: Credentials {
        get throws {
            let words = headers[.authorization]?.split(separator: " ", maxSplits: 1) ?? []
            guard words.count == 2, words[0].lowercased() == "basic", let data = Data(base64Encoded: String(words[1])),
                let text = String(data: data, encoding: .utf8), let colon = text.firstIndex(of: ":")
            else { throw HTTPError(.unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"OMERO\""]) }
            return .password(user: String(text[..<colon]), String(text[text.index(after: colon)...]))
        }
    }
}

// snippet: web-errors
/// What failures of the gateway are in HTTP. Their messages are fit for users.
struct GatewayErrors<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as GatewayError {
            switch error.kind {
            case .wrongUserOrPassword, .inactiveUser:
                throw HTTPError(.unauthorized, headers: [.wwwAuthenticate: "Basic realm=\"OMERO\""])
            case .noPermission, .notInGroup: throw HTTPError(.forbidden, message: error.message)
            case .notFound: throw HTTPError(.notFound, message: error.message)
            case .throttled, .timedOut, .refused, .unreachable, .connectionLost:
                throw HTTPError(.serviceUnavailable, headers: [.retryAfter: "5"], message: error.message)
            default: throw HTTPError(.badGateway, message: error.message)
            }
        }
    }
}
// end
