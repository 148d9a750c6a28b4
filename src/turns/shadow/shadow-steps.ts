import type { AgentCatalog } from "../../agents/agent-catalog.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { ReconcilerStep } from "../../core/process/reconciler.ts";
import type { Database } from "../../storage/database.ts";
import type { TurnContexts } from "../prompt/turn-context.ts";
import { recordedTurnsOf } from "../replay/recorded-turns-repository.ts";
import { createShadows } from "./run-shadows.ts";
import { createShadowRepository } from "./shadow-repository.ts";

export interface ShadowStepsDeps {
  pool: Database["pool"];
  agents: Pick<AgentCatalog, "loadExactly">;
  contexts: TurnContexts;
  log: Logger;
}

/** The steps that ask other agents. They are a separate group, because nothing else may wait for models. */
export function shadowSteps({ pool, agents, contexts, log }: ShadowStepsDeps) {
  const repository = createShadowRepository(pool);
  const recorded = async (id: string) => (await recordedTurnsOf(pool, [id])).get(id);
  return (stopping: AbortSignal): ReconcilerStep[] => [
    createShadows({ repository, recorded, load: agents.loadExactly, contexts, stopping, log }),
  ];
}
