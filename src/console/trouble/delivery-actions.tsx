import { useState } from "preact/hooks";
import { tick } from "../live/feed.ts";
import { callApi, wordsOf } from "../server/call.ts";
import type { Delivery } from "../server/wire.ts";
import { may } from "../session/who.ts";

/** The actions for a delivery that failed or has an unknown outcome. */
export function DeliveryActions({ delivery, of = "" }: { delivery: Delivery; of?: string }) {
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<string | null>(null);
  if (!may("deliveries:write") || !isTroubled(delivery)) return null;

  async function act(path: string, body?: unknown): Promise<void> {
    if (isBusy) return;
    setBusy(true);
    setFailure(null);
    try {
      await callApi("POST", `/deliveries/${delivery.id}/${path}`, body === undefined ? {} : { body });
    } catch (error) {
      setFailure(wordsOf(error));
    }
    setBusy(false);
    tick();
  }

  const isUnknown = delivery.status === "unknown";
  return (
    <div class="delivery-actions" role="group" aria-label={`Delivery${of}`}>
      <button type="button" class="button small" aria-busy={isBusy} onClick={() => void act("retry")}>
        {isUnknown ? "Send again (may arrive twice)" : "Send again"}
      </button>
      {isUnknown && (
        <>
          <button type="button" class="button small" onClick={() => void act("resolve", { status: "sent" })}>
            It arrived
          </button>
          <button
            type="button"
            class="button small"
            onClick={() => void act("resolve", { status: "failed" })}
          >
            It did not arrive
          </button>
        </>
      )}
      {failure !== null && (
        <p class="problem" role="alert">
          {failure}
        </p>
      )}
    </div>
  );
}

/** Tells if a delivery waits for somebody's decision. */
export function isTroubled({ status }: Pick<Delivery, "status">): boolean {
  return status === "failed" || status === "unknown";
}
