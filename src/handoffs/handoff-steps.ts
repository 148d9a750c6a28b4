import type { ReconcilerStep } from "../core/process/reconciler.ts";
import type { Database } from "../storage/database.ts";
import { createHandoffQueries } from "./handoff-queries-repository.ts";
import type { Handoffs } from "./handoffs-repository.ts";
import { warnIdleDesks } from "./idle-warning-repository.ts";

/** No person wrote for a while, so the bot answers the next message. */
const IDLE = { by: null, resume: "next", prompt: null, text: null } as const;
/** Maximum handoffs of one step. */
const AT_ONCE = 50;

export interface HandoffStepsDeps {
  pool: Database["pool"];
  handoffs: Pick<Handoffs, "release">;
  tellDesk(sessionId: string): void;
}

/** Ends handoffs in which people were silent for too long, and warns their desks before. */
export function handoffSteps({ pool, handoffs, tellDesk }: HandoffStepsDeps): ReconcilerStep[] {
  const { idle } = createHandoffQueries(pool);
  return [
    {
      name: "people who were silent for too long",
      run: async () => {
        for (const session of await idle(AT_ONCE)) await handoffs.release(session, IDLE);
      },
    },
    {
      name: "desks to warn of silence",
      run: async () => {
        for (const sessionId of await warnIdleDesks(pool, AT_ONCE)) tellDesk(sessionId);
      },
    },
  ];
}
