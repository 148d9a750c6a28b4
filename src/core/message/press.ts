import type { Button } from "./button.ts";

/** A pressed button: its message and its place there. */
export interface PressReference {
  messageId: string;
  /** Index among the message's buttons, from 0. */
  index: number;
}

/**
 * The text that a platform carries with a button in place of the payload. It has at most 33 bytes, because some
 * platforms allow only 64. So a payload may have any length, and nobody can press a button that was not offered.
 */
export function pressReference({ messageId, index }: PressReference): string {
  return `b:${messageId}:${index}`;
}

/** Parses a press reference; null for any other text. */
export function readPressReference(text: string): PressReference | null {
  const [, messageId, index] = /^b:([0-9A-Za-z]{27}):(\d{1,3})$/.exec(text) ?? [];
  return messageId === undefined ? null : { messageId, index: Number(index) };
}

/** The pressed button and the message's other buttons; null if the message does not offer it. */
export async function findPressed<Offered extends { address: string; buttons: readonly Button[] }>(
  reference: PressReference,
  findButtons: (messageId: string) => Promise<Offered | null>,
): Promise<{ pressed: Button; offered: Offered } | null> {
  const offered = await findButtons(reference.messageId);
  const pressed = offered?.buttons[reference.index];
  return offered && pressed?.url === undefined && pressed ? { pressed, offered } : null;
}
