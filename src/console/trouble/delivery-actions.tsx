import type { Delivery } from "../server/wire.ts";
import { type ButtonCall, CallButtons } from "../shell/call-buttons.tsx";

/** The actions for a delivery that failed or has an unknown outcome. */
export function DeliveryActions({ delivery, of = "" }: { delivery: Delivery; of?: string }) {
  if (!isTroubled(delivery)) return null;
  const isUnknown = delivery.status === "unknown";
  const call = (label: string, action: string, body?: unknown): ButtonCall => ({
    label,
    method: "POST",
    path: `/deliveries/${delivery.id}/${action}`,
    body,
  });
  const calls = [
    call(isUnknown ? "Send again (may arrive twice)" : "Send again", "retry"),
    ...(isUnknown
      ? [
          call("It arrived", "resolve", { status: "sent" }),
          call("It did not arrive", "resolve", { status: "failed" }),
        ]
      : []),
  ];
  return <CallButtons scope="deliveries:write" of={`Delivery${of}`} calls={calls} />;
}

/** Tells if a delivery waits for somebody's decision. */
export function isTroubled({ status }: Pick<Delivery, "status">): boolean {
  return status === "failed" || status === "unknown";
}
