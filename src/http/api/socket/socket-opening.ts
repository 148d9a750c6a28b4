import { hash } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { RequestError } from "../../../core/faults/errors.ts";
import { storableText } from "../../../core/text/text.ts";
import { type Caller, SCOPES } from "../route/route.ts";
import type { SocketResume } from "./session-socket.ts";
import type { SocketServerDeps } from "./socket-server.ts";

/** The caller who opens a socket: by a key, or by a token of the session. */
export async function holderOf(
  { gate, tokens }: SocketServerDeps,
  request: IncomingMessage,
  sessionId: string,
  token: string | null,
): Promise<Caller> {
  if (token === null) {
    const caller = await gate.authenticate(request);
    if (caller.consoleId === null) return caller;
    // A page cannot add X-Console to a WebSocket, so a cookie would let a foreign page open one.
    const message = "The console's cookie opens no socket. Ask for a token of the session's socket first.";
    throw new RequestError(403, "console_socket", message);
  }
  const lookUp = () => tokens.holder(token);
  const holder = await gate.attempts.check(gate.callerOf(request), hash("sha256", token), lookUp);
  if (!holder || holder.sessionId !== sessionId) {
    throw new RequestError(401, "invalid_token", "This token is unknown, expired, or of another session.");
  }
  const scopes = SCOPES.filter((scope) => holder.scopes.includes(scope));
  return { workspaceId: holder.workspaceId, keyId: holder.keyId, scopes, consoleId: null };
}

/** Event ids count within a turn. An id without a turn belongs to the last turn that began. */
export async function resumeOf(
  { executions }: SocketServerDeps["conversations"],
  session: { id: string; workspaceId: string },
  headers: IncomingHttpHeaders,
  query: URLSearchParams,
): Promise<SocketResume | null> {
  const given = query.get("execution_id");
  const named = given === null ? null : storableText(given);
  const lastEventId = query.get("last_event_id") ?? headers["last-event-id"];
  if (named === null && lastEventId === undefined) return null;
  const afterId =
    typeof lastEventId === "string" && /^\d{1,16}$/.test(lastEventId) ? Number(lastEventId) : null;
  if (afterId === null || !Number.isSafeInteger(afterId)) {
    throw new RequestError(
      400,
      "invalid_last_event_id",
      "last_event_id is the id of the last frame you got.",
    );
  }
  const executionId = named ?? (await executions.lastBegun(session.id));
  if (executionId === null) return null;
  const execution = await executions.find(session.workspaceId, executionId);
  if (execution?.sessionId !== session.id) {
    throw new RequestError(404, "execution_not_found", `This session has no execution ${executionId}.`);
  }
  return { executionId, lastEventId: afterId };
}
