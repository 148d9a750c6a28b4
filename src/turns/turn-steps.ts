import type { ReconcilerStep } from "../core/process/reconciler.ts";
import { hourly } from "./budgets/budget.ts";
import type { BudgetRepository } from "./budgets/budget-repository.ts";
import type { TurnEngine } from "./lanes/turn-engine.ts";
import type { TurnRepository } from "./lanes/turn-repository.ts";

/** Maximum sessions that one step of the reconciler wakes. */
const STRANDED_AT_ONCE = 200;

export interface TurnStepsDeps {
  engine: Pick<TurnEngine, "recover" | "wake">;
  turns: Pick<TurnRepository, "strandedSessions">;
  budgets: Pick<BudgetRepository, "prune">;
}

/** Finds turns that no process works on. */
export function turnSteps({ engine, turns, budgets }: TurnStepsDeps): ReconcilerStep[] {
  return [
    { name: "sessions given without an answer", run: engine.recover },
    {
      name: "stranded turns",
      run: async () => {
        for (const id of await turns.strandedSessions(STRANDED_AT_ONCE)) await engine.wake(id);
      },
    },
    { name: "budgets of the past", run: hourly(() => budgets.prune()) },
  ];
}
