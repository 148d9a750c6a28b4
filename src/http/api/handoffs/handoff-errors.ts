import { RequestError } from "../../../core/faults/errors.ts";
import type { Refused } from "../../../handoffs/take-and-reply-repository.ts";
import { sessionNotFound } from "../sessions/require-session.ts";

export const NO_HANDOFF = {
  status: 409,
  code: "no_handoff",
  when: "nobody asked for a person here, or the bot answers again",
} as const;
export const HANDOFF_TAKEN = {
  status: 409,
  code: "handoff_taken",
  when: "another person answers; `details.holder` names them",
} as const;

/** The error for a caller who may not do something with a session's handoff. */
export function refusedError(sessionId: string, refused: Refused): RequestError {
  switch (refused.kind) {
    case "session_gone":
      return sessionNotFound(sessionId);
    case "no_handoff": {
      const message = `In the session ${sessionId} the bot answers. Ask for a person first: POST /chat/sessions/{id}/handoff.`;
      return new RequestError(409, "no_handoff", message);
    }
    case "held": {
      const { name, via } = refused.holder;
      const message = `${name} (${via}) answers here. Take the handoff with "force": true to answer in their place.`;
      return new RequestError(409, "handoff_taken", message, { details: { holder: { name, via } } });
    }
  }
}
