import { createParser } from "eventsource-parser";
import { z } from "zod";
import { BotError } from "../../core/faults/errors.ts";
import { buttonsSchema } from "../../core/message/button-schema.ts";
import { excerpt } from "../../core/text/text.ts";
import type { BotResult } from "../bot.ts";
import {
  type Answer,
  finishReasonSchema,
  handoffSchema,
  invalidAnswer,
  LIMITS,
  messagesSchema,
  parseAnswer,
  participantDataSchema,
  toResult,
  usageSchema,
} from "./answer-schema.ts";

const deltaSchema = z.object({ content: z.string() });
const finalSchema = z.object({
  messages: messagesSchema.nullish(),
  /** Buttons below the streamed text, if there are no messages. */
  buttons: buttonsSchema.nullish(),
  token_usage: usageSchema.nullish(),
  finish_reason: finishReasonSchema.nullish(),
});
const dataSchema = z.object({ data: participantDataSchema });
const errorSchema = z.object({
  message: z.string().default("the endpoint gave no reason"),
  code: z
    .string()
    .regex(/^[a-z0-9_]{1,64}$/)
    .default("bot_error"),
  retryable: z.boolean().default(true),
  retry_after_ms: z.int().min(0).max(3_600_000).nullish(),
});

/** The part of a stream that has been read. */
interface Draft {
  answer: Answer;
  streamed: string;
  over: boolean;
}

/**
 * Reads an answer in the form of Server-Sent Events, up to its `final`, `no_reply` or `error`. Text is passed on as it
 * arrives. A stream that ends earlier is a failure, not a short answer.
 */
export async function readStreamedAnswer(
  body: AsyncIterable<Uint8Array>,
  onText: (text: string) => void,
): Promise<BotResult> {
  const draft: Draft = {
    answer: { messages: [], no_reply: false, end_session: false },
    streamed: "",
    over: false,
  };
  const decoder = new TextDecoder();
  let failure: unknown = null;
  const parser = createParser({
    onEvent({ event = "message", data }) {
      if (draft.over || failure !== null) return;
      try {
        onText(apply(draft, event, data));
      } catch (error) {
        failure = error;
      }
    },
  });
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > LIMITS.bytes) throw invalidAnswer(`its stream is longer than ${LIMITS.bytes} bytes`);
    parser.feed(decoder.decode(chunk, { stream: true }));
    if (failure !== null) throw failure;
    // Leaving the loop closes the connection, because nothing counts after the end.
    if (draft.over) return toResult(draft.answer);
  }
  throw new BotError("stream_interrupted", "the endpoint's stream ended without final, no_reply or error");
}

/** Applies one event; returns the text that it adds to the streamed text. */
function apply(draft: Draft, event: string, data: string): string {
  switch (event) {
    case "typing":
      // The user sees in any case that an answer is being written.
      return "";
    case "delta": {
      const { content } = parseAnswer(deltaSchema, eventData(event, data), "delta");
      draft.streamed += content;
      return content;
    }
    case "set_participant_data": {
      draft.answer.set_participant_data = parseAnswer(dataSchema, eventData(event, data), event).data;
      return "";
    }
    case "end_session":
      draft.answer.end_session = true;
      return "";
    case "handoff":
      draft.answer.handoff = parseAnswer(handoffSchema, eventData(event, data), event);
      return "";
    case "no_reply":
      draft.answer.no_reply = true;
      draft.over = true;
      return "";
    case "final":
      return finish(draft, parseAnswer(finalSchema, eventData(event, data), "final"));
    case "error":
      throw reported(parseAnswer(errorSchema, eventData(event, data), "error"));
    default:
      // Events of later versions are ignored.
      return "";
  }
}

/** Without its own messages, the answer is the streamed text. */
function finish(draft: Draft, final: z.output<typeof finalSchema>): string {
  const { messages, buttons, token_usage, finish_reason } = final;
  draft.over = true;
  draft.answer.token_usage = token_usage;
  draft.answer.finish_reason = finish_reason;
  const whole = messages?.map(({ content }) => content).join("\n\n") ?? draft.streamed;
  if (messages) draft.answer.messages = messages;
  else
    draft.answer.messages = parseAnswer(
      messagesSchema,
      [{ content: draft.streamed, buttons }],
      "the streamed text",
    );
  // If the messages continue after the deltas, the rest is streamed too.
  return whole.startsWith(draft.streamed) ? whole.slice(draft.streamed.length) : "";
}

function eventData(event: string, data: string): unknown {
  try {
    return JSON.parse(data === "" ? "{}" : data);
  } catch {
    throw invalidAnswer(`the data of its event ${event} is not JSON`);
  }
}

function reported(error: z.output<typeof errorSchema>): BotError {
  const wait = error.retry_after_ms;
  return new BotError(error.code, `the endpoint reports: ${excerpt(error.message, 300)}`, {
    retryable: error.retryable,
    ...(typeof wait === "number" && { retryAfterMs: wait }),
  });
}
