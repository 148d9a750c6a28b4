import type { FinishReason } from "ai";
import { BotError } from "../../core/faults/errors.ts";

/** The end of a model's answer: the package's unified reason, and the provider's own word if it gave one. */
export interface Finish {
  unified: FinishReason;
  raw: string | undefined;
}

/** The meaning of the end of an answer. `broken`: the answer is incomplete. */
export type Ending = "whole" | "cut_short" | "tool_calls" | "refused" | "broken";

/**
 * Finish reasons in lower case, with every separator as "_". The packages know few words, and each server has its own.
 */
const WORDS: Readonly<Record<string, Ending>> = {
  stop: "whole",
  end: "whole",
  end_turn: "whole",
  end_of_text: "whole",
  eos: "whole",
  eos_token: "whole",
  stop_sequence: "whole",
  stop_token: "whole",
  complete: "whole",
  completed: "whole",
  finished: "whole",
  done: "whole",
  length: "cut_short",
  max_length: "cut_short",
  model_length: "cut_short",
  max_tokens: "cut_short",
  max_new_tokens: "cut_short",
  max_output_tokens: "cut_short",
  max_completion_tokens: "cut_short",
  token_limit: "cut_short",
  model_context_window_exceeded: "cut_short",
  tool_calls: "tool_calls",
  tool_call: "tool_calls",
  tool_use: "tool_calls",
  function_call: "tool_calls",
  content_filter: "refused",
  content_filtered: "refused",
  safety: "refused",
  image_safety: "refused",
  sensitive: "refused",
  refusal: "refused",
  recitation: "refused",
  blocklist: "refused",
  prohibited_content: "refused",
  spii: "refused",
  guardrail_intervened: "refused",
};

/** The package's reason, used for words that are not in the list. */
const UNIFIED: Readonly<Record<FinishReason, Ending>> = {
  stop: "whole",
  length: "cut_short",
  "content-filter": "refused",
  "tool-calls": "tool_calls",
  error: "broken",
  other: "broken",
};

/**
 * The meaning of a finish reason. An unknown end counts as broken, so that half an answer never passes for the whole.
 */
export function endingOf({ unified, raw }: Finish): Ending {
  const word = raw?.toLowerCase().replaceAll(/[^a-z]+/g, "_") ?? "";
  // Anthropic pauses here: the rest would come with a further request.
  if (word === "pause_turn") return "broken";
  // Google reports STOP in this case too.
  if (unified === "tool-calls") return "tool_calls";
  return Object.hasOwn(WORDS, word) ? (WORDS[word] ?? "broken") : UNIFIED[unified];
}

/**
 * The error for an answer with this end; null if the answer is usable, even if cut short. `called`: the answer contains
 * the calls of tools that such an end announces.
 */
export function endingFault(finish: Finish, called: boolean, host: string): BotError | null {
  const said = finish.raw ?? finish.unified;
  switch (endingOf(finish)) {
    case "refused": {
      const reason = `${host} cut the answer off by its content policy (finish reason: ${said})`;
      return new BotError("content_filter", reason, { retryable: false });
    }
    case "broken": {
      const why = finish.raw === undefined ? "without saying how it ended" : `with finish reason "${said}"`;
      return new BotError("stream_interrupted", `${host} broke its answer off ${why}`);
    }
    case "tool_calls": {
      if (called) return null;
      const reason = `${host} broke its answer off with finish reason "${said}", but without a call of a tool`;
      return new BotError("stream_interrupted", reason);
    }
    case "whole":
    case "cut_short":
      return null;
  }
}
