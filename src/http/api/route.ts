import type { IncomingMessage, ServerResponse } from "node:http";
import type { z } from "zod";

/** What a key may do. `admin` may do everything. */
export const SCOPES = [
  "sessions:read",
  "sessions:write",
  "messages:write",
  "users:read",
  "users:write",
  "trigger:write",
  "deliveries:write",
  "admin",
] as const;
export type Scope = (typeof SCOPES)[number];

/** Who is calling, and in which workspace: every lookup is limited to it. */
export interface Caller {
  workspaceId: string;
  keyId: string;
  scopes: readonly Scope[];
}

export interface RouteContext<Params, Query, Body> {
  caller: Caller;
  params: Params;
  query: Query;
  body: Body;
  /** The bytes of an upload; empty elsewhere. */
  upload: Buffer;
  /** Header names in lower case. */
  headers: Readonly<Record<string, string | undefined>>;
  requestId: string;
  /**
   * The id for whatever this request creates. The same one whenever the request is repeated with its Idempotency-Key,
   * even after a crash in the middle: creating `ON CONFLICT DO NOTHING` under this id is safe to run twice.
   */
  resourceId: string;
  /** Aborts when the client leaves. Work that was accepted goes on. */
  signal: AbortSignal;
}

/** What a route answers: a JSON body, nothing (204), or a stream it writes itself. */
export type RouteReply =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { stream: (request: IncomingMessage, response: ServerResponse) => Promise<void> };

export interface RouteResponse {
  status: number;
  description: string;
  /** Null: no body. */
  schema: z.ZodType | null;
  /** The last of them: whatever was stored. */
  contentType?: "application/json" | "text/event-stream" | "*/*";
}

/**
 * One operation of the API: what validates a request is what documents it. Unknown body fields are refused by the
 * schemas themselves (`z.strictObject`).
 */
export interface Route<Params = unknown, Query = unknown, Body = unknown> {
  method: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  /** Below `/api/v1`, OpenAPI style: `/chat/sessions/{id}`. */
  path: string;
  operationId: string;
  summary: string;
  description?: string;
  tag: string;
  scope: Scope;
  params?: z.ZodType<Params>;
  query?: z.ZodType<Query>;
  body?: z.ZodType<Body>;
  /** The body is a file, of any type, up to so many bytes. */
  uploadLimit?: number;
  /** Documented and sent by a test as they stand. */
  examples?: { body?: unknown; query?: Record<string, string> }[];
  responses: readonly RouteResponse[];
  /** Error codes beyond those every route may answer. */
  errors?: readonly { status: number; code: string; when: string }[];
  handle(context: RouteContext<Params, Query, Body>): Promise<RouteReply>;
}

/** Keeps the types of a route together; registering one forgets them. */
export function defineRoute<Params, Query, Body>(route: Route<Params, Query, Body>): Route {
  return route as unknown as Route;
}
