import { Router } from "express";
import { z } from "zod";
import { preferredLanguage } from "../../core/session/user-language.ts";
import { count, readBody, readQuery } from "./read-body.ts";
import { requireChannel, requireOwnSession, requireVisitor } from "./visitor-auth.ts";
import type { WebDeps } from "./web-deps.ts";
import { requireVisitorRate } from "./web-limits.ts";
import { sessionObject } from "./wire.ts";

const pageSchema = z.object({ page: count(1, 1_000_000).default(1), limit: count(1, 100).default(20) });
const openSchema = z.strictObject({});
const readSchema = z.strictObject({
  seq: z
    .int()
    .min(0)
    .max(2 ** 31 - 1),
});

type SessionDeps = Pick<WebDeps, "site" | "visitors" | "traffic" | "sessions" | "news">;

/** A visitor's sessions: open, list, record what was read. */
export function sessionRoutes(deps: SessionDeps): Router {
  const router = Router();

  router.post("/web/:channel/sessions", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    await readBody(request, openSchema, { optional: true });
    const { sessionsPerVisitor, sessionsPerAddress } = deps.traffic.limits;
    const rates = { visitor: sessionsPerVisitor, address: sessionsPerAddress };
    requireVisitorRate(rates, visitor, deps.traffic.callerOf(request));
    const session = await deps.visitors.openSession(
      channel.ref,
      visitor.id,
      preferredLanguage(request.get("accept-language")),
    );
    deps.news.visitors.announce(visitor.id);
    response.status(201).json(sessionObject({ ...session, readSeq: 0, unread: 0 }));
  });

  router.get("/web/:channel/sessions", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const { page, limit } = readQuery(request, pageSchema);
    const [sessions, total] = await Promise.all([
      deps.sessions.all.list(channel.ref.id, visitor.id, { limit, offset: (page - 1) * limit }),
      deps.sessions.all.count(channel.ref.id, visitor.id),
    ]);
    const meta = { total, page, limit, total_pages: Math.ceil(total / limit), next_cursor: null };
    response.setHeader("Cache-Control", "no-store");
    response.json({ data: sessions.map(sessionObject), meta });
  });

  router.post("/web/:channel/sessions/:session/read", async (request, response) => {
    const {
      visitor,
      session: { id },
    } = await requireOwnSession(deps, request, response);
    const { seq } = await readBody(request, readSchema);
    if (await deps.sessions.all.markRead(id, seq)) deps.news.visitors.announce(visitor.id);
    response.status(204).end();
  });

  return router;
}
