import { hash, timingSafeEqual } from "node:crypto";
import type { RawRequest, Received } from "./channel.ts";

/** A webhook request that is not let in, and why. */
export type Rejection = Extract<Received, { kind: "rejected" }>;

export function reject(status: Rejection["status"], code: string, message: string): Rejection {
  return { kind: "rejected", status, code, message };
}

export const noSuchWebhook = reject(404, "no_webhook", "this channel takes no such webhook request");

/** Whether a secret or signature is the expected one. Takes one time whatever was sent: digests have one length. */
export function isSame(expected: string, given: string): boolean {
  return timingSafeEqual(digestOf(expected), digestOf(given));
}

/** The type without its parameters, in lower case. */
export function contentTypeOf(headers: RawRequest["headers"]): string {
  return headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
}

/** The JSON of a verified body, or why it is not one. */
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
