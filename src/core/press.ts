import type { Button } from "./button.ts";

/** Which button of which message somebody pressed. */
export interface PressReference {
  messageId: string;
  /** Among the message's buttons, from 0. */
  index: number;
}

/**
 * What a platform carries with a button in place of its payload, at most 33 bytes: some platforms allow 64. So a payload
 * may be of any length, and nobody can press what was never offered.
 */
export function pressReference({ messageId, index }: PressReference): string {
  return `b:${messageId}:${index}`;
}

/** The inverse; null for anything else. */
export function readPressReference(text: string): PressReference | null {
  const [, messageId, index] = /^b:([0-9A-Za-z]{27}):(\d{1,3})$/.exec(text) ?? [];
  return messageId === undefined ? null : { messageId, index: Number(index) };
}

/** The button that was pressed, with what else the message offers; null where it was not offered there. */
export async function findPressed<Offered extends { address: string; buttons: readonly Button[] }>(
  reference: PressReference,
  findButtons: (messageId: string) => Promise<Offered | null>,
): Promise<{ pressed: Button; offered: Offered } | null> {
  const offered = await findButtons(reference.messageId);
  const pressed = offered?.buttons[reference.index];
  return offered && pressed?.url === undefined && pressed ? { pressed, offered } : null;
}
