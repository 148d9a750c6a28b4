import { type Request, type Response, Router } from "express";
import { z } from "zod";
import { RequestError } from "../../core/faults/errors.ts";
import type { Visitor } from "../../core/session/visitor.ts";
import { CONTENT_LIMIT, readBody } from "./read-body.ts";
import { requireOwnSession, sessionNotFound } from "./visitor-auth.ts";
import type { Opening, WebChannel, WebDeps } from "./web-deps.ts";
import { requireVisitorRate } from "./web-limits.ts";
import { sessionObject } from "./wire.ts";

const stopSchema = z.strictObject({});
const endSchema = z.strictObject({ trigger_events: z.boolean().default(true) });
const resetSchema = endSchema.extend({
  prompt: z
    .string()
    .trim()
    .min(1, "is blank; write what the bot is to open with, or leave it out")
    .max(CONTENT_LIMIT)
    .optional(),
});

type ActDeps = Pick<WebDeps, "site" | "visitors" | "traffic" | "sessions" | "news">;

/** A visitor's actions on a whole session: stop the unfinished answer, end the session, start it over. */
export function sessionActRoutes(deps: ActDeps): Router {
  const router = Router();
  const session = "/web/:channel/sessions/:session";
  router.post(`${session}/stop`, (request, response) => stopAnswer(deps, request, response));
  router.post(`${session}/end`, (request, response) => endSession(deps, request, response));
  router.get(`${session}/reset`, (request, response) => offerReset(deps, request, response));
  router.post(`${session}/reset`, (request, response) => resetSession(deps, request, response));
  return router;
}

async function stopAnswer(deps: ActDeps, request: Request, response: Response): Promise<void> {
  const { id } = (await requireOwnSession(deps, request, response)).session;
  await readBody(request, stopSchema, { optional: true });
  const stopped = await deps.sessions.acts.stop(id);
  deps.news.sessions.announce(id);
  response.json({ stopped });
}

async function endSession(deps: ActDeps, request: Request, response: Response): Promise<void> {
  const { channel, visitor, session } = await requireOwnSession(deps, request, response);
  const { id } = session;
  const body = await readBody(request, endSchema, { optional: true });
  await deps.sessions.acts.end(id, { triggerEvents: body.trigger_events });
  deps.news.sessions.announce(id);
  // Ending a session that has already ended changes nothing, and returns its state.
  response.json(await described(deps, channel, visitor, id));
}

/** Answers the question of the reset dialog. */
async function offerReset(deps: ActDeps, request: Request, response: Response): Promise<void> {
  const { channel, session } = await requireOwnSession(deps, request, response);
  const offer = await deps.sessions.acts.resetOffer(channel.ref, session);
  response.setHeader("Cache-Control", "no-store");
  response.json({
    prompt: offer.prompt,
    // An agent that hides its seed message hides it from the browser too.
    seed_message: offer.prompt === "hidden" ? null : offer.seedMessage,
    end_events: offer.endEvents,
  });
}

async function resetSession(deps: ActDeps, request: Request, response: Response): Promise<void> {
  const { channel, visitor, session } = await requireOwnSession(deps, request, response);
  const body = await readBody(request, resetSchema, { optional: true });
  const { sessionsPerVisitor, sessionsPerAddress } = deps.traffic.limits;
  const rates = { visitor: sessionsPerVisitor, address: sessionsPerAddress };
  requireVisitorRate(rates, visitor, deps.traffic.callerOf(request));
  const offer = await deps.sessions.acts.resetOffer(channel.ref, session);
  if (offer.prompt !== "editable" && openingOf(body.prompt, offer.seedMessage)?.by === "visitor") {
    const reason = "This agent opens its conversations itself: leave prompt out.";
    throw new RequestError(422, "prompt_not_allowed", reason);
  }
  const opening = openingOf(body.prompt, offer.seedMessage);
  const options = { triggerEvents: body.trigger_events, opening };
  const next = await deps.sessions.acts.reset(channel.ref, session.id, options);
  if (next === null) {
    throw new RequestError(409, "session_completed", "The session has ended; open a new one.");
  }
  deps.news.sessions.announce(session.id);
  deps.news.visitors.announce(visitor.id);
  response.status(201).json(await described(deps, channel, visitor, next.sessionId));
}

/** A prompt equal to the seed message belongs to the agent's author. Any other prompt belongs to the visitor. */
function openingOf(prompt: string | undefined, seedMessage: string | null): Opening | null {
  if (prompt !== undefined && prompt !== seedMessage?.trim()) return { prompt, by: "visitor" };
  return seedMessage === null ? null : { prompt: seedMessage, by: "operator" };
}

async function described(
  deps: Pick<WebDeps, "sessions">,
  channel: WebChannel,
  visitor: Visitor,
  sessionId: string,
): Promise<ReturnType<typeof sessionObject>> {
  const session = await deps.sessions.all.find(channel.ref.id, visitor.id, sessionId);
  if (!session) throw sessionNotFound();
  return sessionObject(session);
}
