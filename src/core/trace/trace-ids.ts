import { createHash } from "node:crypto";
import type { TraceSource } from "./span.ts";

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Hex digits of the seconds with which an id begins. */
const TIME_DIGITS = 8;
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * The id of a message's trace: the random part of the message's own id. So every process knows it, and no row has to
 * store it. A caller's trace goes on instead, if there is one.
 */
export function traceIdOf({ messageId, traceparent }: TraceSource): string {
  return parseTraceparent(traceparent)?.traceId ?? randomPart(messageId);
}

/** The id of a span, from the kind and the ids of its step. */
export function spanIdOf(...step: readonly (string | number)[]): string {
  return createHash("sha256").update(step.join(":")).digest("hex").slice(0, 16);
}

/** The parts of a `traceparent` header. Null if there is none, or if it is malformed. */
export function parseTraceparent(
  header: string | null | undefined,
): { traceId: string; spanId: string; isSampled: boolean } | null {
  const [, version, traceId = "", spanId = "", flags = "00", more] = TRACEPARENT.exec(header ?? "") ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A caller's header as it is stored. Null if the caller sent none that can be used. */
export function storedTraceparent(header: string | undefined): string | null {
  const parsed = parseTraceparent(header?.trim());
  return parsed === null ? null : `00-${parsed.traceId}-${parsed.spanId}-${parsed.isSampled ? "01" : "00"}`;
}

function randomPart(id: string): string {
  let value = 0n;
  for (const digit of id) value = value * 62n + BigInt(Math.max(0, DIGITS.indexOf(digit)));
  return value.toString(16).padStart(40, "0").slice(TIME_DIGITS);
}
