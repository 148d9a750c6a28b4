import { createHash, timingSafeEqual } from "node:crypto";
import type { Received } from "../channel.ts";

export type Rejection = Extract<Received, { kind: "rejected" }>;

export function reject(status: Rejection["status"], code: string, message: string): Rejection {
  return { kind: "rejected", status, code, message };
}

export const noSuchWebhook = reject(404, "no_webhook", "this channel takes no such webhook request");

/** Whether a signature is one of those expected. Takes one time whatever was sent. */
export function isOneOf(expected: readonly string[], given: string): boolean {
  const digest = digestOf(given);
  // Every candidate is looked at, so that the time does not tell which one was close.
  return expected.filter((candidate) => timingSafeEqual(digestOf(candidate), digest)).length > 0;
}

/** The type without its parameters, in lower case. */
export function contentTypeOf(headers: Readonly<Record<string, string | undefined>>): string {
  return headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

function digestOf(value: string): Buffer {
  return createHash("sha256").update(value).digest();
}
