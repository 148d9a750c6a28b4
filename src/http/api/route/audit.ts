import { z } from "zod";
import type { NewAuditEntry } from "../../../audit/audit-repository.ts";
import type { Logger } from "../../../core/process/logger.ts";
import { isJsonObject, type Json } from "../../../core/text/json.ts";
import type { Route, RouteContext, RouteReply } from "./route.ts";

/** The parts of a request that the audit log stores. */
type Audited = Pick<RouteContext<unknown, unknown, unknown>, "caller" | "params" | "address" | "requestId">;

/** Records a change that a route has made. Never rejects. */
export type Audit = (
  route: Route,
  request: Audited,
  made: { body: Json | undefined; reply: RouteReply },
) => Promise<void>;

/**
 * A call is answered after its row is stored, so an acknowledged change has one. Messages do not wait. A message from
 * the console is recorded in parallel with its answer. A message from a program is not recorded.
 */
export function createAudit(deps: { record(entry: NewAuditEntry): Promise<void>; log: Logger }): Audit {
  async function store(entry: NewAuditEntry): Promise<void> {
    try {
      await deps.record(entry);
    } catch (error) {
      // The change is made already, so its caller gets the answer. The process log gets the row.
      deps.log.error({ err: error, change: { ...entry } }, "a change could not be written to the audit log");
    }
  }

  return async (route, request, made) => {
    const entry = auditEntry(route, request, made);
    if (entry === null) return;
    const stored = store(entry);
    if (route.audited !== "console") await stored;
  };
}

/** The row for a call; null if it gets none. */
function auditEntry(
  route: Route,
  request: Audited,
  { body, reply }: { body: Json | undefined; reply: RouteReply },
): NewAuditEntry | null {
  const change = "stream" in reply ? undefined : reply.change;
  const { workspaceId, keyId, consoleId } = change?.by ?? request.caller;
  if (route.method === "GET" || route.audited === "never" || change === null || keyId === "") return null;
  if (route.audited === "console" && consoleId === null) return null;
  const params = paramsOf(request.params);
  return {
    workspaceId,
    actorId: keyId,
    consoleSessionId: consoleId,
    address: request.address,
    method: route.method,
    operation: route.operationId,
    path: route.path.replaceAll(/\{(\w+)\}/g, (_whole, name: string) => params[name] ?? ""),
    targets: [...new Set([...Object.values(params), ...("stream" in reply ? [] : idIn(reply.body))])],
    fields: fieldsOf(route, body),
    before: change?.before ?? null,
    after: change?.after ?? null,
    requestId: request.requestId,
  };
}

function paramsOf(params: unknown): Record<string, string> {
  if (typeof params !== "object" || params === null) return {};
  return Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]));
}

/** The ids of the thing in an answer, and of its session. */
function idIn(body: unknown): string[] {
  if (typeof body !== "object" || body === null) return [];
  const { id, session_id: sessionId } = body as { id?: unknown; session_id?: unknown };
  return [id, sessionId].filter((each): each is string => typeof each === "string");
}

/** Names that the route itself declares. Names inside participant data or metadata can be people's data. */
function fieldsOf({ body: schema }: Route, body: Json | undefined): string[] {
  const declared = schema instanceof z.ZodObject ? schema.shape : {};
  return isJsonObject(body) ? Object.keys(body).filter((name) => Object.hasOwn(declared, name)) : [];
}
