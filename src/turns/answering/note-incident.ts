import type { Logger } from "../../core/process/logger.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { TurnIncident } from "./execution-repository.ts";

export type NoteIncident = (incident: Omit<TurnIncident, "at">) => void;

/** Notes incidents of turns. No turn waits for such a write: if it fails, only a line of the trail is missing. */
export function createIncidentNotes(
  store: (incident: TurnIncident) => Promise<void>,
  { clock, log }: { clock: Clock; log: Logger },
): NoteIncident {
  return (incident) => {
    store({ ...incident, at: clock.now() }).catch((error: unknown) => {
      const ids = { session_id: incident.sessionId, execution_id: incident.executionId };
      log.warn({ err: error, ...ids }, "could not store an incident");
    });
  };
}
