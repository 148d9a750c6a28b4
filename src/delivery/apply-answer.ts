import type { ClaimedDelivery } from "./claim-repository.ts";
import type { DeliveryEngineDeps } from "./delivery-engine.ts";
import type { Sent } from "./send-to-desk.ts";

interface ApplyAnswerDeps {
  rows: DeliveryEngineDeps["rows"];
  /** Repeats a write during an outage of the database. */
  patiently<T>(task: () => Promise<T>): Promise<T>;
  log: DeliveryEngineDeps["log"];
}

/**
 * Stores the changes of the conversation and the user that the platform's answer to a send contains.
 * @param began gets the conversation into which the send moved its session.
 */
export async function applyAnswer(
  deps: ApplyAnswerDeps,
  channelId: string,
  delivery: ClaimedDelivery,
  result: Sent,
  began: Map<string, string>,
): Promise<void> {
  const { rows, patiently } = deps;
  if (result.kind === "moved") {
    const { address } = result;
    await patiently(() => rows.deliveries.moveAddress(channelId, delivery.address, address));
  }
  const { sessionId } = delivery;
  if (result.kind === "sent" && result.began !== undefined && sessionId !== null) {
    if (await goOnIn(deps, { ...delivery, sessionId }, result.began)) began.set(sessionId, result.began);
  }
  if (result.kind === "sent" && result.alsoKnownAs !== undefined) {
    const { alsoKnownAs } = result;
    await patiently(() => rows.alsoKnownAs(channelId, delivery.address, alsoKnownAs));
  }
  if (result.kind === "failed" && result.scope === "user" && sessionId !== null) {
    await patiently(() => rows.userUnreachable(sessionId, result));
  }
}

/** Moves the session into the conversation that its send started. False: it stays, and the log gives the reason. */
async function goOnIn(
  { rows, patiently, log }: ApplyAnswerDeps,
  delivery: Pick<ClaimedDelivery, "id" | "address"> & { sessionId: string },
  began: string,
): Promise<boolean> {
  const outcome = await patiently(() => rows.deliveries.nameConversation(delivery.sessionId, began));
  if (outcome === "named") return began !== delivery.address;
  const ids = { session_id: delivery.sessionId, delivery_id: delivery.id, began };
  if (outcome === "taken")
    log.warn(ids, "a session keeps its address: another session has the conversation of its send");
  else log.warn(ids, "a session keeps its address: users of this channel have one session each");
  return false;
}
