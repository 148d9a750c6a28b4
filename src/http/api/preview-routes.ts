import { recordedTurns } from "../../turns/replay/recorded-turns-repository.ts";
import { createShadowQueries } from "../../turns/shadow/shadow-queries-repository.ts";
import { createOpenLimit } from "../server/open-limit.ts";
import type { Service } from "../service.ts";
import type { ApiStores } from "./api-stores.ts";
import { renderRoutes } from "./messages/render.ts";
import { replayRoutes } from "./replays/replays.ts";
import type { Route } from "./route/route.ts";
import { shadowRoutes } from "./shadows/shadows.ts";

/** Larger than every seq: a preview message comes after the whole history. */
const AFTER_ALL = 2 ** 31 - 1;
/** Number of replays of one workspace at the same time, because each calls a model many times. */
const REPLAYS_AT_ONCE = 1;

/** Routes that show what a bot would get or answer. They store and send nothing. */
export function previewRoutes(
  { engine, agents, pipeline }: Pick<Service, "engine" | "agents" | "pipeline">,
  stores: Pick<ApiStores, "sessions" | "agents">,
): Route[] {
  const { pool } = engine.database;
  return [
    ...renderRoutes({
      sessions: stores.sessions,
      async renderPrompt(session, content) {
        const agent = await agents.load(session.agentId, session.agentVersion);
        return pipeline.contexts.prompt({
          sessionId: session.id,
          agent: { id: agent.id, definition: agent.definition },
          input: content === null ? [] : [{ text: content, instruction: false }],
          beforeSeq: AFTER_ALL,
        });
      },
    }),
    ...replayRoutes({
      ...stores,
      load: agents.loadExactly,
      turns: (sessionId, limit) => recordedTurns(pool, sessionId, limit),
      prompt: (session, agent, { texts, beforeSeq }) =>
        pipeline.contexts.prompt({
          sessionId: session.id,
          // It replaces the session's agent, so it gets the data that this agent has about the person.
          agent: { id: session.agentId, definition: agent.definition },
          input: texts.map((text) => ({ text, instruction: false })),
          beforeSeq,
        }),
      places: createOpenLimit(REPLAYS_AT_ONCE),
    }),
    ...shadowRoutes({ shadows: createShadowQueries(pool), agents: stores.agents }),
  ];
}
