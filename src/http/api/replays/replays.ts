import type { z } from "zod";
import type { LoadedAgent } from "../../../agents/agent-catalog.ts";
import type { SessionAgent, SessionAgents } from "../../../agents/session-agent-repository.ts";
import type { PromptMessage } from "../../../bots/bot.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { SessionView } from "../../../sessions/session-view.ts";
import type { RecordedTurn } from "../../../turns/replay/recorded-turns-repository.ts";
import { recordedAnswer, replayTurn } from "../../../turns/replay/replay-turn.ts";
import type { OpenLimit } from "../../server/open-limit.ts";
import { tooMany } from "../../server/rate-limit.ts";
import { requireScope } from "../route/auth.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { requireSession } from "../sessions/require-session.ts";
import { sessionFilters } from "../sessions/session-filters.ts";
import { replayBodySchema, replaySchema, toAnswer, totalsOf } from "./replay-resource.ts";

export interface ReplayRoutesDeps {
  sessions: Pick<SessionQueries, "find" | "list">;
  agents: Pick<SessionAgents, "find" | "opening">;
  /** An agent in exactly this version. */
  load(agentId: string, version: number): Promise<LoadedAgent>;
  /** The turns of a session that answered a user, oldest first. */
  turns(sessionId: string, limit: number): Promise<RecordedTurn[]>;
  /** The prompt of an agent for a recorded turn. */
  prompt(session: SessionView, agent: LoadedAgent, turn: RecordedTurn): Promise<PromptMessage[]>;
  /** Places for replays at the same time, by workspace. */
  places: OpenLimit;
}

type Body = z.output<typeof replayBodySchema>;

/** Limits of one call, because it is answered after all replays. */
const MOST_SESSIONS = 20;
const MOST_TURNS = 100;

/** `POST /replays`: what another version would have answered. */
export function replayRoutes(deps: ReplayRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/replays",
      operationId: "replaySessions",
      summary: "Ask another version what it would have answered",
      description:
        "Each message of a user goes to the given version, with the conversation as it was then. Tools get their answers from the record, in which a result has at most 200 characters. Nothing is stored or delivered, and no rule fires. The model is called and costs tokens, which no budget counts. A call covers at most 20 sessions and 100 turns: the newest ones in the share. `matching` is the number of all. The answer comes when all turns are done. Participant data is the current data, and files are left out. The key also needs the scope `sessions:read`.",
      tag: "Agents",
      scope: "messages:write",
      audited: "console",
      body: replayBodySchema,
      examples: [{ body: { filter: { channel: "web" }, agent_id: "echo", share: 0.5 } }],
      responses: [{ status: 200, description: "Both answers, side by side", schema: replaySchema }],
      errors: [
        { status: 404, code: "agent_not_found", when: "there is no such agent" },
        { status: 404, code: "session_not_found", when: "there is no such session" },
        { status: 404, code: "version_not_found", when: "the agent has no such version" },
        { status: 422, code: "bot_not_replayable", when: "the bot is a webhook: it might act on its own" },
        { status: 429, code: "rate_limited", when: "the workspace replays already" },
      ],
      async handle({ caller, body, signal }) {
        requireScope(caller, "sessions:read");
        const { agent, loaded } = await replayable(deps, caller.workspaceId, body);
        const { sessions, matching } = await sessionsOf(deps, caller.workspaceId, body);
        const leave = deps.places.open(caller.workspaceId);
        if (leave === null) throw tooMany("rate_limited", "A replay runs already. Try again later.", 10);
        try {
          const replayed = await replayAll(deps, { loaded, slug: agent.slug, sessions, signal });
          return {
            status: 200,
            body: {
              agent_id: agent.id,
              version: loaded.version,
              matching,
              sessions: sessions.length,
              turns: replayed.data.length,
              failures: replayed.data.filter((turn) => turn.replayed.error_code !== null).length,
              complete: sessions.length === matching && replayed.complete,
              recorded: totalsOf(replayed.data.map(({ recorded }) => recorded)),
              replayed: totalsOf(replayed.data.map(({ replayed }) => replayed)),
              data: replayed.data,
            },
          };
        } finally {
          leave();
        }
      },
    }),
  ];
}

async function replayable(
  deps: ReplayRoutesDeps,
  workspaceId: string,
  { agent_id, version }: Body,
): Promise<{ agent: SessionAgent; loaded: LoadedAgent }> {
  const agent = await deps.agents.find(workspaceId, agent_id);
  if (!agent) throw new RequestError(404, "agent_not_found", `There is no agent ${agent_id} here.`);
  const number = version ?? agent.currentVersion;
  if (!(await deps.agents.opening(agent.id, number)))
    throw new RequestError(404, "version_not_found", `The agent ${agent.slug} has no version ${number}.`);
  const loaded = await deps.load(agent.id, number);
  if (loaded.isReplayable) return { agent, loaded };
  const message = `The bot of ${agent.slug} cannot be replayed: it might act on its own.`;
  throw new RequestError(422, "bot_not_replayable", message);
}

async function sessionsOf(
  deps: ReplayRoutesDeps,
  workspaceId: string,
  { session_id, filter = {}, share }: Body,
): Promise<{ sessions: SessionView[]; matching: number }> {
  if (session_id !== undefined)
    return { sessions: [await requireSession(deps.sessions, workspaceId, session_id)], matching: 1 };
  const matched = await sessionFilters(deps.agents, workspaceId, filter);
  const filters = share < 1 ? { ...matched, share } : matched;
  const newest = { by: "updatedAt", descending: true } as const;
  const page = { limit: MOST_SESSIONS, offset: 0, after: null };
  const { rows, total, next } = await deps.sessions.list(workspaceId, filters, newest, page);
  // A large total is an estimate. It must not hide that there are more.
  return { sessions: rows, matching: next === null ? rows.length : Math.max(total, rows.length + 1) };
}

async function replayAll(
  deps: ReplayRoutesDeps,
  {
    loaded,
    slug,
    sessions,
    signal,
  }: {
    loaded: LoadedAgent;
    slug: string;
    sessions: readonly SessionView[];
    signal: AbortSignal;
  },
): Promise<Pick<z.output<typeof replaySchema>, "data" | "complete">> {
  const data: z.output<typeof replaySchema>["data"] = [];
  for (const session of sessions) {
    for (const turn of await deps.turns(session.id, MOST_TURNS + 1)) {
      signal.throwIfAborted();
      if (data.length === MOST_TURNS) return { data, complete: false };
      const replayed = await replayTurn({
        bot: loaded.bot,
        agent: { id: loaded.id, slug, version: loaded.version },
        session,
        recorded: turn,
        prompt: () => deps.prompt(session, loaded, turn),
        timeoutMs: loaded.definition.turns.timeoutMs,
        signal,
      });
      data.push({
        session_id: session.id,
        message_id: turn.messageId,
        content: turn.texts.join("\n"),
        recorded: toAnswer(recordedAnswer(turn)),
        replayed: toAnswer(replayed),
      });
    }
  }
  return { data, complete: true };
}
