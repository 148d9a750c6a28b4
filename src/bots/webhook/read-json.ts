import type { BotResult } from "../bot.ts";
import { answerSchema, invalidAnswer, LIMITS, parseAnswer, toResult } from "./answer-schema.ts";

export async function readJsonAnswer(body: AsyncIterable<Uint8Array>): Promise<BotResult> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes > LIMITS.bytes) throw invalidAnswer(`it is longer than ${LIMITS.bytes} bytes`);
  }
  return toResult(parseAnswer(answerSchema, parsed(Buffer.concat(chunks).toString("utf8")), "the JSON"));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalidAnswer(text.trim() === "" ? "its body is empty" : "its body is not JSON");
  }
}
