import type { Request, Response } from "express";
import { RequestError } from "../../core/faults/errors.ts";
import { isId } from "../../core/ids.ts";
import type { Visitor } from "../../core/session/visitor.ts";
import type { VisitorSession } from "../../sessions/visitor-repository.ts";
import { setBodySender } from "../bodies/bodies.ts";
import { requireRate } from "../server/rate-limit.ts";
import { checkOrigin } from "./origin.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";
import { TOO_FAST } from "./web-limits.ts";

/** The channel that a request names, after the check of its origin. */
export function requireChannel(
  deps: Pick<WebDeps, "site">,
  request: Request,
  response: Response,
): WebChannel {
  const channel = deps.site.channel(String(request.params.channel));
  if (!channel) throw new RequestError(404, "channel_not_found", "There is no such web channel here.");
  checkOrigin(request, response, { origins: channel.allowedOrigins, publicUrl: deps.site.publicUrl });
  return channel;
}

export function bearerToken(request: Request): string | null {
  return /^Bearer +(\S+)$/i.exec(request.get("authorization") ?? "")?.[1] ?? null;
}

/** The visitor whose token a request carries. */
export async function requireVisitor(
  deps: Pick<WebDeps, "visitors" | "traffic">,
  channel: WebChannel,
  request: Request,
): Promise<Visitor> {
  const { limits } = deps.traffic;
  const address = deps.traffic.callerOf(request);
  const find = (identifier: string) =>
    limits.tokens.check(address, `${channel.ref.id} ${identifier}`, () =>
      deps.visitors.find(channel.ref.id, identifier),
    );
  requireRate(limits.callsPerAddress, address, TOO_FAST);
  const token = bearerToken(request);
  if (token === null) {
    throw unauthorized(
      "visitor_token_required",
      "Send the visitor's token as Authorization: Bearer <token>.",
    );
  }
  const identifier = channel.auth.identifierOf(token);
  const visitor = identifier === null ? null : await find(identifier);
  if (!visitor)
    throw unauthorized("visitor_token_invalid", "The visitor token is not valid here, or no longer.");
  requireRate(limits.callsPerVisitor, visitor.id, TOO_FAST);
  // One anonymous person can become many visitors, so all visitors of one address share.
  setBodySender(request, { trust: "visitor", name: visitor.anonymous ? address : visitor.id });
  return visitor;
}

/** The visitor's own session. Another visitor's session gets the same error as a missing one. */
async function requireSession(
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

/** The visitor of a request, and the channel and the visitor's own session that the request names. */
export async function requireOwnSession(
  deps: Pick<WebDeps, "site" | "visitors" | "traffic">,
  request: Request,
  response: Response,
): Promise<{ channel: WebChannel; visitor: Visitor; session: VisitorSession }> {
  const channel = requireChannel(deps, request, response);
  const visitor = await requireVisitor(deps, channel, request);
  return { channel, visitor, session: await requireSession(deps, channel, visitor, request) };
}

/** @param details the data that identifies one of several sessions. */
export function sessionNotFound(details?: object): RequestError {
  return new RequestError(404, "session_not_found", "There is no such session.", { details });
}

export function unauthorized(code: string, message: string): RequestError {
  return new RequestError(401, code, message, { headers: { "WWW-Authenticate": "Bearer" } });
}
