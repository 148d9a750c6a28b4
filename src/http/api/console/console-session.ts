import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { ConsoleSession, ConsoleSessions } from "../../../keys/console-session-repository.ts";
import { ROLES, roleOf } from "../../../keys/role.ts";
import { consoleCookie, consoleToken, isSecure } from "../route/console-cookie.ts";
import { type Caller, defineRoute, type Route, type RouteContext, SCOPES } from "../route/route.ts";
import { idSchema, timestampSchema } from "../route/wire-schemas.ts";
import type { SignIn } from "./sign-in.ts";

export interface ConsoleSessionDeps {
  signIn: SignIn;
  sessions: Pick<ConsoleSessions, "find" | "end" | "workspacesOf">;
  /** The session has ended, so its open streams must end on every process. */
  onEnded(consoleId: string): void;
  publicUrl: { isPublic: boolean };
}

const consoleSessionSchema = z
  .object({
    role: z
      .enum(ROLES)
      .describe("The highest role of which the key has a right; each call is decided by its scope"),
    scopes: z.array(z.enum(SCOPES)),
    key: z.object({
      id: idSchema,
      name: z.string(),
      operator: z.boolean().describe("True for the key of the settings"),
    }),
    workspace_id: idSchema.describe("The workspace that calls without `X-Workspace` speak for"),
    workspaces: z
      .array(z.object({ id: idSchema, slug: z.string() }))
      .describe("Those that the key may work in. The operator key names one with `X-Workspace: <slug>`"),
    expires_at: timestampSchema.describe("Twelve hours after the last request"),
  })
  .meta({ id: "ConsoleSession" });

const signInBody = z.union(
  [
    z.strictObject({ key: z.string().min(1).max(1_000).describe("An API key") }),
    z.strictObject({ code: z.string().min(1).max(1_000).describe("The code of a sign-in link") }),
  ],
  { error: "expected either key or code, as a text, and nothing else" },
);

/** `/console/session`: people sign in to the console, and out of it. */
export function consoleSessionRoutes(deps: ConsoleSessionDeps): Route[] {
  return [signInRoute(deps), readSession(deps), signOut(deps)];
}

const signInRoute = (deps: ConsoleSessionDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/session",
    operationId: "createConsoleSession",
    summary: "Sign in to the console",
    description:
      "Exchanges an API key, or the code of a sign-in link, for a cookie. The cookie counts as the key on every path " +
      "of the API. It ends with the key, at `DELETE`, or after twelve hours without a request. A change by the " +
      "cookie needs the header `X-Console: 1`.",
    tag: "Console",
    scope: null,
    open: true,
    body: signInBody,
    responses: [{ status: 201, description: "Signed in", schema: consoleSessionSchema }],
    errors: [
      { status: 401, code: "sign_in_failed", when: "the key or the code is unknown, used or too old" },
    ],
    async handle({ body, address, headers }) {
      const signedIn = await deps.signIn(body, address);
      const session = signedIn && (await deps.sessions.find(signedIn.token));
      if (!signedIn || !session) {
        const message =
          "key" in body
            ? "This API key is unknown or was revoked."
            : "This code is unknown, used or older than ten minutes. Sign in with an API key instead.";
        throw new RequestError(401, "sign_in_failed", message);
      }
      const secure = isSecure(headers["host"], deps.publicUrl);
      return {
        status: 201,
        body: await present(deps, session, session.key.workspaceId),
        headers: { "Set-Cookie": consoleCookie(signedIn.token, { secure }) },
        change: { by: callerOf(session) },
      };
    },
  });

const readSession = (deps: ConsoleSessionDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/session",
    operationId: "getConsoleSession",
    summary: "Read who is signed in to the console",
    tag: "Console",
    scope: null,
    contacts: "shown",
    responses: [{ status: 200, description: "The session", schema: consoleSessionSchema }],
    errors: [NO_SESSION],
    async handle({ caller, headers }) {
      const session = await requireSession(deps, headers);
      return { status: 200, body: await present(deps, session, caller.workspaceId) };
    },
  });

const signOut = (deps: ConsoleSessionDeps): Route =>
  defineRoute({
    method: "DELETE",
    path: "/session",
    operationId: "deleteConsoleSession",
    summary: "Sign out of the console",
    description: "The cookie stops working at once, and open streams end.",
    tag: "Console",
    scope: null,
    responses: [{ status: 204, description: "Signed out", schema: null }],
    errors: [NO_SESSION],
    async handle({ headers }) {
      const { id } = await requireSession(deps, headers);
      await deps.sessions.end(id);
      deps.onEnded(id);
      const secure = isSecure(headers["host"], deps.publicUrl);
      return { status: 204, headers: { "Set-Cookie": consoleCookie(null, { secure }) } };
    },
  });

const NO_SESSION = {
  status: 401,
  code: "no_console_session",
  when: "the caller sent no cookie of the console",
} as const;

/** A caller with an API key alone has no session. */
async function requireSession(
  { sessions }: ConsoleSessionDeps,
  headers: RouteContext<unknown, unknown, unknown>["headers"],
): Promise<ConsoleSession> {
  const token = consoleToken(headers["cookie"]);
  const session = token && (await sessions.find(token));
  if (session) return session;
  throw new RequestError(401, NO_SESSION.code, "Nobody is signed in to the console here. Sign in first.");
}

const callerOf = ({ id, key }: ConsoleSession): Caller => ({
  workspaceId: key.workspaceId,
  keyId: key.id,
  scopes: [],
  consoleId: id,
});

async function present(
  { sessions }: ConsoleSessionDeps,
  { key, expiresAt }: ConsoleSession,
  workspaceId: string,
) {
  return {
    role: roleOf(key.scopes),
    scopes: key.scopes,
    key: { id: key.id, name: key.name, operator: key.operator },
    workspace_id: workspaceId,
    workspaces: await sessions.workspacesOf(key),
    expires_at: expiresAt,
  };
}
