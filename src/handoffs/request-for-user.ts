import { ASKED_BY_USER } from "../core/session/handoff-settings.ts";
import type { HandoffSession } from "./handoff.ts";
import type { Handoffs } from "./handoffs-repository.ts";

/** Requests a person, because a message of the user asks for one. */
export async function requestForUser(
  handoffs: Pick<Handoffs, "request">,
  lane: Omit<HandoffSession, "id"> & { sessionId: string },
  messageId: string,
): Promise<void> {
  const { sessionId, channelId, agentId, agentVersion } = lane;
  const session = { id: sessionId, channelId, agentId, agentVersion };
  await handoffs.request(session, { source: "user", reason: ASKED_BY_USER, messageId });
}
