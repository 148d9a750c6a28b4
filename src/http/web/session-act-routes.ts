import { Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/errors.ts";
import type { Visitor } from "../../core/visitor.ts";
import { requireRate } from "../rate-limit.ts";
import { CONTENT_LIMIT, readBody } from "./read-body.ts";
import { requireChannel, requireSession, requireVisitor, sessionNotFound } from "./visitor-auth.ts";
import type { WebChannel, WebDeps } from "./web-deps.ts";
import { TOO_FAST } from "./web-limits.ts";
import { sessionObject } from "./wire.ts";

const stopSchema = z.strictObject({});
const endSchema = z.strictObject({ trigger_events: z.boolean().default(true) });
const resetSchema = endSchema.extend({ prompt: z.string().trim().min(1).max(CONTENT_LIMIT).optional() });

type ActDeps = Pick<
  WebDeps,
  "channel" | "publicUrl" | "visitors" | "sessions" | "acts" | "announce" | "announceVisitor" | "limits"
>;

/** What visitors do to a session as a whole: stop the answer being written, end it, start over. */
export function sessionActRoutes(deps: ActDeps): Router {
  const router = Router();

  router.post("/web/:channel/sessions/:session/stop", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const { id } = await requireSession(deps, channel, visitor, request);
    await readBody(request, stopSchema, { optional: true });
    const stopped = await deps.acts.stop(id);
    deps.announce(id);
    response.json({ stopped });
  });

  router.post("/web/:channel/sessions/:session/end", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const { id } = await requireSession(deps, channel, visitor, request);
    const body = await readBody(request, endSchema, { optional: true });
    await deps.acts.end(id, { triggerEvents: body.trigger_events });
    deps.announce(id);
    // Ending what has ended already changes nothing, and says how it stands.
    response.json(await described(deps, channel, visitor, id));
  });

  // What the reset dialog has to ask.
  router.get("/web/:channel/sessions/:session/reset", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const offer = await deps.acts.resetOffer(channel.ref, session);
    response.setHeader("Cache-Control", "no-store");
    response.json({
      prompt: offer.prompt,
      // An agent that hides its seed message keeps it from the browser, too.
      seed_message: offer.prompt === "hidden" ? null : offer.seedMessage,
      end_events: offer.endEvents,
    });
  });

  router.post("/web/:channel/sessions/:session/reset", async (request, response) => {
    const channel = requireChannel(deps, request, response);
    const visitor = await requireVisitor(deps, channel, request);
    const session = await requireSession(deps, channel, visitor, request);
    const body = await readBody(request, resetSchema, { optional: true });
    requireRate(deps.limits.sessionsPerVisitor, visitor.id, TOO_FAST);
    const offer = await deps.acts.resetOffer(channel.ref, session);
    if (offer.prompt !== "editable" && body.prompt !== undefined && body.prompt !== offer.seedMessage) {
      const reason = "This agent opens its conversations itself: leave prompt out.";
      throw new RequestError(422, "prompt_not_allowed", reason);
    }
    const prompt = body.prompt ?? offer.seedMessage;
    const options = { triggerEvents: body.trigger_events, prompt };
    const next = await deps.acts.reset(channel.ref, session.id, options);
    if (next === null) {
      throw new RequestError(409, "session_completed", "The session has ended; open a new one.");
    }
    deps.announce(session.id);
    deps.announceVisitor(visitor.id);
    response.status(201).json(await described(deps, channel, visitor, next.sessionId));
  });

  return router;
}

async function described(
  deps: Pick<WebDeps, "sessions">,
  channel: WebChannel,
  visitor: Visitor,
  sessionId: string,
): Promise<ReturnType<typeof sessionObject>> {
  const session = await deps.sessions.find(channel.ref.id, visitor.id, sessionId);
  if (!session) throw sessionNotFound();
  return sessionObject(session);
}
