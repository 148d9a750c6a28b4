import type { ActionEffects } from "./action-effects.ts";
import { malformed } from "./action-outcomes.ts";
import type { ActingSession } from "./action-repository.ts";
import type { ActionOutcome, RunningAction } from "./carry-out.ts";
import type { Firing } from "./firing-repository.ts";

/** Posts the event of a rule, with its session, to the address of the action. */
export async function callWebhook(
  post: ActionEffects["post"],
  action: RunningAction,
  { session, firing, place }: { session: ActingSession; firing: Firing; place: number },
): Promise<ActionOutcome> {
  const { url, secret, allowPrivateAddresses } = action;
  if (typeof url !== "string") return malformed(action);
  const status = await post({
    url,
    secret: typeof secret === "string" ? secret : null,
    allowPrivateAddresses: allowPrivateAddresses !== false,
    deliveryId: `${firing.id}-${place}`,
    event: firing.event,
    body: {
      id: firing.id,
      event: firing.event,
      created_at: firing.createdAt.toISOString(),
      data: firing.data,
      session: {
        id: session.id,
        channel: session.channel,
        status: session.status,
        end_reason: session.endReason,
        metadata: session.metadata,
      },
      user: session.user ? { ...session.user } : null,
      participant_data: session.participantData,
    },
  });
  return { kind: "done", result: { status } };
}
