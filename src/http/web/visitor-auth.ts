import type { Request, Response } from "express";
import { RequestError } from "../../core/errors.ts";
import { isId } from "../../core/ids.ts";
import type { Visitor } from "../../core/visitor.ts";
import type { VisitorSession } from "../../sessions/visitor-repository.ts";
import { checkOrigin } from "./origin.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";

/** The channel a request names, once its origin has been checked. */
export function requireChannel(
  deps: Pick<WebDeps, "channel" | "publicUrl">,
  request: Request,
  response: Response,
): WebChannel {
  const channel = deps.channel(String(request.params.channel));
  if (!channel) throw new RequestError(404, "channel_not_found", "There is no such web channel here.");
  checkOrigin(request, response, { origins: channel.allowedOrigins, publicUrl: deps.publicUrl });
  return channel;
}

export function bearerToken(request: Request): string | null {
  return /^Bearer +(\S+)$/i.exec(request.get("authorization") ?? "")?.[1] ?? null;
}

/** The visitor whose token a request carries. */
export async function requireVisitor(
  deps: Pick<WebDeps, "visitors">,
  channel: WebChannel,
  request: Request,
): Promise<Visitor> {
  const token = bearerToken(request);
  if (token === null) {
    throw unauthorized(
      "visitor_token_required",
      "Send the visitor's token as Authorization: Bearer <token>.",
    );
  }
  const identifier = channel.door.identifierOf(token);
  const visitor = identifier === null ? null : await deps.visitors.find(channel.ref.id, identifier);
  if (!visitor)
    throw unauthorized("visitor_token_invalid", "The visitor token is not valid here, or no longer.");
  return visitor;
}

/** The visitor's own session. Somebody else's is as unknown as one that does not exist. */
export async function requireSession(
  deps: Pick<WebDeps, "visitors">,
  channel: WebChannel,
  visitor: Visitor,
  request: Request,
): Promise<VisitorSession> {
  const id = String(request.params.session);
  const session = isId(id) ? await deps.visitors.findSession(channel.ref.id, visitor.id, id) : null;
  if (!session) throw sessionNotFound();
  return session;
}

/** @param details what tells one of several sessions from the others. */
export function sessionNotFound(details?: object): RequestError {
  return new RequestError(404, "session_not_found", "There is no such session.", { details });
}

export function unauthorized(code: string, message: string): RequestError {
  return new RequestError(401, code, message, { headers: { "WWW-Authenticate": "Bearer" } });
}
