import type { Button } from "./button.ts";
import type { InboundMessage } from "./inbound-message.ts";

/** The answers on the buttons of a card, in their order. */
const ANSWERS = ["approved", "denied"] as const;
const LABELS = { approved: "Approve", denied: "Deny" } as const;

/** The buttons of the card about a request. */
export function accessButtons(): Button[] {
  return ANSWERS.map((answer) => ({ label: LABELS[answer], payload: `access:${answer}` }));
}

/** True for the payload of a card's button. A bot may offer the same payload, so it proves nothing. */
export function isAccessPayload(payload: string | undefined): boolean {
  return ANSWERS.some((answer) => payload === `access:${answer}`);
}

/** An approver's press: the delivery of the pressed card, and the answer. */
export interface AccessPress {
  cardId: string;
  answer: (typeof ANSWERS)[number];
}

/** Reads the press of a card's button; null: it is another press. The database tells if the message is a card. */
export function readAccessPress({ payload, eventKeys }: InboundMessage): AccessPress | null {
  if (!isAccessPayload(payload)) return null;
  for (const key of eventKeys) {
    const [, cardId, index] = /^press:([0-9A-Za-z]{27}):(\d):/.exec(key) ?? [];
    const answer = ANSWERS[Number(index)];
    if (cardId !== undefined && answer !== undefined) return { cardId, answer };
  }
  return null;
}
