import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";
import type { RequestError } from "../../../core/faults/errors.ts";
import type { JsonObject } from "../../../core/text/json.ts";

/** The permissions of a key. `admin` allows everything. */
export const SCOPES = [
  "sessions:read",
  "sessions:write",
  "messages:write",
  "users:read",
  "users:write",
  "trigger:write",
  "deliveries:write",
  "handoff:read",
  "handoff:write",
  "access:read",
  "access:write",
  "contacts:read",
  "admin",
] as const;
export type Scope = (typeof SCOPES)[number];

/** The caller and its workspace. Every lookup is limited to that workspace. */
export interface Caller {
  workspaceId: string;
  keyId: string;
  scopes: readonly Scope[];
  /** The console session of a caller who is known by its cookie; null if the key itself was sent. */
  consoleId: string | null;
}

export interface RouteContext<Params, Query, Body> {
  caller: Caller;
  params: Params;
  query: Query;
  body: Body;
  /** The bytes of an upload; empty for other routes. */
  upload: Buffer;
  /** The network address of the caller, as it counts for limits. */
  address: string;
  /** Header names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  requestId: string;
  /**
   * The id for anything that this request creates. A repeated request with its Idempotency-Key has the same id, even
   * after a crash in the middle. So creating `ON CONFLICT DO NOTHING` under this id is safe to run twice.
   */
  resourceId: string;
  /** Aborts when the client leaves. Accepted work continues. */
  signal: AbortSignal;
}

/** State before and after a change, for the audit log. It holds no secrets and no people's data. */
export interface Change {
  before?: JsonObject;
  after?: JsonObject;
  /** The caller of an open route, once it is known. */
  by?: Caller;
}

/** The reply of a route: a JSON body, nothing (204), or a stream that it writes itself. */
export type RouteReply =
  | {
      status: number;
      body?: unknown;
      headers?: Record<string, string>;
      /** Null: nothing changed, so the audit log gets no row. */
      change?: Change | null;
    }
  | { stream: (request: IncomingMessage, response: ServerResponse) => Promise<void> };

export interface RouteResponse {
  status: number;
  description: string;
  /** Null: no body. */
  schema: z.ZodType | null;
  /** The last one is for stored content of any type. */
  contentType?: "application/json" | "text/event-stream" | "*/*";
}

/**
 * One operation of the API. The same schemas validate and document a request. The schemas themselves refuse unknown
 * body fields (`z.strictObject`).
 */
export interface Route<Params = unknown, Query = unknown, Body = unknown> {
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below `/api/v1`, in OpenAPI style: `/chat/sessions/{id}`. */
  path: string;
  operationId: string;
  summary: string;
  description?: string;
  tag: string;
  /** Null: any caller. */
  scope: Scope | null;
  /** Anybody may call it, without a key. It has no caller, and checks for itself who may do what. */
  open?: true;
  params?: z.ZodType<Params>;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  /** The body is a file of any type, up to this many bytes. */
  uploadLimit?: number;
  /** They are documented, and a test sends them unchanged. */
  examples?: { body?: unknown; query?: Record<string, string> }[];
  responses: readonly RouteResponse[];
  /**
   * The calls that get a row in the audit log. Default: all calls of each method but GET. `console`: only people's, as
   * the calls of programs are traffic. `never`: the route changes nothing.
   */
  audited?: "console" | "never";
  /**
   * Viewers at the console get the answers of routes with contacts masked. `shown`: not of this route, because it has
   * no contacts or reveals them on purpose.
   */
  contacts?: "shown";
  /** Error codes besides those that every route may return. */
  errors?: readonly { status: number; code: string; when: string }[];
  /** Answers any caller, known or not, by the query only; null: the caller is checked first. */
  answerAnybody?(query: URLSearchParams): RequestError | null;
  handle(context: RouteContext<Params, Query, Body>): Promise<RouteReply>;
}

/** Keeps the types of a route together. Registering a route drops them. */
export function defineRoute<Params, Query, Body>(route: Route<Params, Query, Body>): Route {
  return route as unknown as Route;
}
