import { z } from "zod";
import { requestProblems } from "../../../core/faults/request-problems.ts";
import { withoutNulls } from "../../bodies/without-nulls.ts";
import { messageShape, saysSomething } from "../messages/message-body.ts";
import type { RawFrame } from "./socket-intake.ts";

/** A frame may have names of any length, and they are not repeated whole. */
const LONGEST_PROBLEM = 200;

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

/** The frame, or what is wrong with it. */
export function readFrame({ bytes, isBinary }: RawFrame): Frame | { problem: string } {
  if (isBinary) return { problem: "it is binary" };
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch {
    return { problem: "it is not valid JSON" };
  }
  const { data, error } = frameSchema.safeParse(withoutNulls(frameSchema, json));
  if (data !== undefined) return data;
  const [first] = requestProblems(error.issues);
  const { path = "", problem = "it is not valid" } = first ?? {};
  return { problem: (path === "" ? problem : `${path}: ${problem}`).slice(0, LONGEST_PROBLEM) };
}
