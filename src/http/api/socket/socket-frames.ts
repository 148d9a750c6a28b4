import { z } from "zod";
import { withoutNulls } from "../../bodies/without-nulls.ts";
import { messageShape, saysSomething } from "../messages/message-body.ts";
import type { RawFrame } from "./socket-intake.ts";

const frameSchema = z.discriminatedUnion("type", [
  z
    .strictObject({
      type: z.literal("message"),
      ...messageShape,
      idempotency_key: z.string().min(1).max(255).optional(),
      // A socket carries many messages, so each one names its own trace.
      traceparent: z.string().max(256).optional(),
    })
    .superRefine(saysSomething),
  z.strictObject({ type: z.literal("cancel"), execution_id: z.string().min(1).max(64).optional() }),
  z.strictObject({ type: z.literal("ping") }),
]);

/** A client's request over a socket. */
export type Frame = z.output<typeof frameSchema>;
export type MessageFrame = Extract<Frame, { type: "message" }>;

/** Null if it is not one of our frames. */
export function readFrame({ bytes, isBinary }: RawFrame): Frame | null {
  if (isBinary) return null;
  try {
    return frameSchema.safeParse(withoutNulls(frameSchema, JSON.parse(bytes.toString("utf8")))).data ?? null;
  } catch {
    return null;
  }
}
