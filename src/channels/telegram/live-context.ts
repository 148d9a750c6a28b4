import type { Api } from "grammy";
import type { PacedWriter } from "../../core/message/paced-writer.ts";
import { cards } from "./content.ts";
import type { TelegramFault } from "./errors.ts";
import { split } from "./limits.ts";
import { formatMarkdown } from "./markdown.ts";
import type { OutboundDeps } from "./outbound.ts";

export type GrammySignal = Parameters<Api["getMe"]>[0];

/** The common parts of showing an answer as a draft and as an edited message. */
export interface LiveContext {
  api: OutboundDeps["api"];
  token: string;
  visible(written: string): ReturnType<typeof visiblePart>;
  /** Logs a fault, and pauses previews if Telegram asks for it. */
  onFault(error: unknown, address: string): TelegramFault;
}

/** Time that the end of an answer waits for a running edit, milliseconds. */
const CLOSE_GRACE_MS = 3_000;

/** The part of an answer that fits the message of its first part. */
export function visiblePart(linkPreviews: OutboundDeps["linkPreviews"], written: string) {
  const { text, entities } = formatMarkdown((split(written)[0] ?? "").toWellFormed());
  return { text, extras: { ...cards(linkPreviews), entities } };
}

/** Waits for the running call, but not longer than an answer can wait. */
export async function closeWithin(writer: PacedWriter<string>, call: AbortController): Promise<void> {
  const timer = setTimeout(() => call.abort(), CLOSE_GRACE_MS);
  await writer.close();
  clearTimeout(timer);
}
