import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/errors.ts";
import { requireRate } from "../rate-limit.ts";
import { CONTENT_LIMIT, count, jsonBody, readBody, readQuery } from "./read-body.ts";
import { requireChannel, requireSession, requireVisitor } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";
import { TOO_FAST } from "./web-limits.ts";
import { sessionObject } from "./wire.ts";

const pageSchema = z.object({ page: count(1, 1_000_000).default(1), limit: count(1, 100).default(20) });
const openSchema = z.strictObject({});
const endSchema = z.strictObject({ trigger_events: z.boolean().default(true) });
const resetSchema = endSchema.extend({ prompt: z.string().trim().min(1).max(CONTENT_LIMIT).optional() });

type SessionDeps = Pick<WebDeps, "channel" | "publicUrl" | "visitors" | "acts" | "announce" | "limits">;

/** A visitor's sessions: open, list, end, reset. */
export function sessionRoutes(deps: SessionDeps): Router {
  const router = Router();

  router.post("/web/:channel/sessions", jsonBody, async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    readBody(request, openSchema, { optional: true });
    requireRate(deps.limits.sessionsPerVisitor, visitor.id, TOO_FAST);
    const session = await deps.visitors.openSession(channel.ref, visitor.id);
    response.status(201).json(sessionObject(session));
  });

  router.get("/web/:channel/sessions", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const { page, limit } = readQuery(request, pageSchema);
    const offset = (page - 1) * limit;
    const { sessions, total } = await deps.visitors.listSessions(channel.ref.id, visitor.id, {
      limit,
      offset,
    });
    const meta = { total, page, limit, total_pages: Math.ceil(total / limit), next_cursor: null };
    response.setHeader("Cache-Control", "no-store");
    response.json({ data: sessions.map(sessionObject), meta });
  });

  router.post("/web/:channel/sessions/:session/end", jsonBody, async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const { id } = await requireSession(deps, channel, visitor, request);
    const body = readBody(request, endSchema, { optional: true });
    await deps.acts.end(id, { triggerEvents: body.trigger_events });
    deps.announce(id);
    // Ending what has ended already changes nothing, and says how it stands.
    response.json(sessionObject(await requireSession(deps, channel, visitor, request)));
  });

  router.post("/web/:channel/sessions/:session/reset", jsonBody, async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const { id } = await requireSession(deps, channel, visitor, request);
    const body = readBody(request, resetSchema, { optional: true });
    requireRate(deps.limits.sessionsPerVisitor, visitor.id, TOO_FAST);
    const options = { triggerEvents: body.trigger_events, prompt: body.prompt ?? null };
    const next = await deps.acts.reset(channel.ref, id, options);
    deps.announce(id);
    const session = next && (await deps.visitors.findSession(channel.ref.id, visitor.id, next.sessionId));
    if (!session) throw new RequestError(409, "session_completed", "The session has ended; open a new one.");
    response.status(201).json(sessionObject(session));
  });

  return router;
}
