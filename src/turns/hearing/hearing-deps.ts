import type { TurnEngineDeps } from "../answering/turn-deps.ts";
import type { ResetLimit } from "../lanes/reset-limit.ts";

/** Dependencies for hearing messages. */
export interface HearingDeps {
  engine: TurnEngineDeps;
  resetLimit: ResetLimit;
}

/** `over_budget`: the messages stay unheard, and the turn tells the user why. `again`: their words are stored. */
export type HearingEnd = "again" | "over_budget" | "reset" | "released";
