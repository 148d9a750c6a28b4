import type { Logger } from "../core/process/logger.ts";
import type { ActionEffects } from "./action-effects.ts";
import type { ActingSession, ActionRepository } from "./action-repository.ts";

/** Dependencies of the actions. */
export interface ActionDeps {
  repository: ActionRepository;
  effects: ActionEffects;
  /** Notifies the followers of a changed session. */
  notify(session: ActingSession): void;
  log: Logger;
}
