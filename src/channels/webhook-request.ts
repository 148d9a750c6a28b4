import { hash, timingSafeEqual } from "node:crypto";
import type { HeadVerdict, RequestHead } from "./channel-webhook.ts";

/** A rejected webhook request, with the reason. */
export type Rejection = Extract<HeadVerdict, { kind: "rejected" }>;

export function reject(status: Rejection["status"], code: string, message: string): Rejection {
  return { kind: "rejected", status, code, message };
}

export const noSuchWebhook = reject(404, "no_webhook", "this channel takes no such webhook request");

/** The head carries a secret of the channel. */
export const proven: HeadVerdict = { kind: "proven" };

/** The head carries something in the format of a signature. */
export const unproven: HeadVerdict = { kind: "unproven" };

/**
 * Returns true if a secret or signature is the expected one. It takes the same time for any input, because digests have
 * one length.
 */
export function isSame(expected: string, given: string): boolean {
  return timingSafeEqual(digestOf(expected), digestOf(given));
}

/** Returns true if a signature is one of the expected ones. It takes the same time for any input. */
export function isOneOf(expected: readonly string[], given: string): boolean {
  // Every candidate is compared, so the time does not reveal which one was close.
  return expected.filter((candidate) => isSame(candidate, given)).length > 0;
}

/** The type without its parameters, in lower case. */
export function contentTypeOf(headers: RequestHead["headers"]): string {
  return headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** The JSON of a verified body, or the rejection if it is not JSON. */
export function parseJsonBody(body: Buffer): { json: unknown } | Rejection {
  try {
    return { json: JSON.parse(body.toString("utf8")) };
  } catch {
    return reject(400, "malformed_json", "the body is not JSON");
  }
}

function digestOf(value: string): Buffer {
  return hash("sha256", value, "buffer");
}
