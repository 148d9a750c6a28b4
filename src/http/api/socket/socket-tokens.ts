import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SocketTokens } from "../../../sessions/socket-token-repository.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, timestampSchema } from "../route/wire-schemas.ts";
import { requireSession, SESSION_NOT_FOUND } from "../sessions/require-session.ts";

export interface SocketTokenDeps {
  sessions: Pick<SessionQueries, "find">;
  tokens: Pick<SocketTokens, "mint">;
}

/** Enough time to connect, and to connect again after a network problem. */
const LIFETIME_MS = 5 * 60_000;

const tokenSchema = z
  .object({
    token: z.string(),
    expires_at: timestampSchema,
    path: z.string().describe("The address to connect to, with the token"),
  })
  .meta({ id: "SocketToken" });

/** Tokens for browsers, which cannot send a key when they open a session's WebSocket. */
export function socketTokenRoutes({ sessions, tokens }: SocketTokenDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/chat/sessions/{id}/ws_token",
      operationId: "createSocketToken",
      summary: "Get a token for a session's WebSocket",
      description:
        "For browsers: opens this session's socket and nothing else, for five minutes. Revoking the key revokes it.",
      tag: "WebSocket",
      scope: "messages:write",
      audited: "console",
      params: idParams,
      body: z.strictObject({}),
      examples: [{ body: {} }],
      responses: [{ status: 201, description: "The token", schema: tokenSchema }],
      errors: [SESSION_NOT_FOUND],
      async handle({ caller, params }) {
        const session = await requireSession(sessions, caller.workspaceId, params.id);
        const holder = { sessionId: session.id, keyId: caller.keyId };
        const { token, expiresAt } = await tokens.mint(holder, LIFETIME_MS);
        const path = `/api/v1/chat/sessions/${session.id}/ws?token=${token}`;
        return { status: 201, body: { token, expires_at: expiresAt.toISOString(), path } };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/chat/sessions/{id}/ws",
      operationId: "connectSocket",
      summary: "Talk to a session over a WebSocket",
      description: SOCKET_DESCRIPTION,
      tag: "WebSocket",
      scope: "messages:write",
      params: idParams,
      responses: [],
      errors: [
        SESSION_NOT_FOUND,
        { status: 426, code: "upgrade_required", when: "this is no WebSocket handshake" },
      ],
      // With a token there is no key to check. The usual cause is a proxy that lost the headers of the handshake.
      answerAnybody: (query) => (query.has("token") ? upgradeRequired() : null),
      async handle({ caller, params }) {
        await requireSession(sessions, caller.workspaceId, params.id);
        throw upgradeRequired();
      },
    }),
  ];
}

const upgradeRequired = () =>
  new RequestError(
    426,
    "upgrade_required",
    "Open this path as a WebSocket. A proxy in between has to pass on the headers Upgrade and Connection.",
    { headers: { Upgrade: "websocket", Connection: "Upgrade" } },
  );

const SOCKET_DESCRIPTION = `Connect with the usual key in a header, or from a browser with \`?token=\` (see \`ws_token\`).

Frames are JSON. You send \`{"type":"message","content":"…","idempotency_key":"…"}\` (the key is optional),
\`{"type":"cancel","execution_id":"…"}\` (without the id: the turn that runs now) and \`{"type":"ping"}\`. You get every turn
of the session, whoever asked, as \`{"id","event","data","execution_id","session_id"}\` with the events of the stream
endpoint; \`pong\`; and, where something was refused, \`error\` with \`execution_id\` null (for \`rate_limited\`,
\`retry_after\` says how many seconds to wait).

After a lost connection, add \`execution_id\` and \`last_event_id\` of the last frame to the query: what you missed comes
first. Ids count within a turn: one without \`execution_id\` (the header \`Last-Event-ID\` too) is of the turn that began
last.`;
