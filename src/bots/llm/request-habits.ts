/** A request of the chat completions API. */
export type ChatRequest = Record<string, unknown>;

/** A part of a request that a server may refuse, and a way to send the request without it. */
export interface Habit {
  /** The name in the log. */
  name: string;
  /** Returns true if the text of a refusal names it. */
  isNamed(words: string): boolean;
  /** Null: the request does not contain it. */
  adapt(request: ChatRequest): ChatRequest | null;
}

/**
 * Parts that some servers refuse although the answer does not depend on them. An operator's own settings are not
 * included. If a server refuses one of those, the operator must see the error.
 */
export function knownHabits(options: { limitIsOurs: boolean }): Habit[] {
  return [
    renamed("max_tokens", "max_completion_tokens"),
    renamed("max_completion_tokens", "max_tokens"),
    ...(options.limitIsOurs ? [withoutLimit] : []),
    without("stream_options"),
    without("parallel_tool_calls"),
    toolChoice,
    inMessages("reasoning_content", ({ reasoning_content: _, ...message }) => message),
    inMessages("developer", (message) =>
      message["role"] === "developer" ? { ...message, role: "system" } : message,
    ),
    inMessages("content", asPlainText),
  ];
}

function names(words: string, parameter: string): boolean {
  return new RegExp(String.raw`\b${parameter}\b`, "i").test(words);
}

function renamed(from: string, to: string): Habit {
  return {
    name: `${from} is called ${to}`,
    isNamed: (words) => names(words, from),
    adapt({ [from]: value, ...rest }) {
      return value === undefined || rest[to] !== undefined ? null : { ...rest, [to]: value };
    },
  };
}

function without(parameter: string): Habit {
  return {
    name: `no ${parameter}`,
    isNamed: (words) => names(words, parameter),
    adapt: ({ [parameter]: value, ...rest }) => (value === undefined ? null : rest),
  };
}

/** A summary is shortened to its limit in any case. */
const withoutLimit: Habit = {
  name: "no output limit",
  isNamed: (words) => names(words, "max_tokens") || names(words, "max_completion_tokens"),
  adapt({ max_tokens: one, max_completion_tokens: other, ...rest }) {
    return one === undefined && other === undefined ? null : rest;
  },
};

/** No `tool_choice` means the same as "auto". A model that may not call its tools does not need to know them. */
const toolChoice: Habit = {
  name: "no tool_choice",
  isNamed: (words) => names(words, "tool_choice") || /tool choice/i.test(words),
  adapt({ tool_choice: choice, tools, ...rest }) {
    if (choice !== "auto" && choice !== "none") return null;
    return choice === "auto" ? { ...rest, tools } : rest;
  },
};

function inMessages(word: string, change: (message: ChatRequest) => ChatRequest): Habit {
  return {
    name: `messages without ${word}`,
    isNamed: (words) => names(words, word),
    adapt(request) {
      const { messages } = request;
      if (!Array.isArray(messages)) return null;
      const changed = messages.map(change);
      const isSame = JSON.stringify(changed) === JSON.stringify(messages);
      return isSame ? null : { ...request, messages: changed };
    },
  };
}

/** Some servers accept no list if there is only text, and no null beside tool calls. */
function asPlainText(message: ChatRequest): ChatRequest {
  const { content } = message;
  if (content === null) return { ...message, content: "" };
  if (!Array.isArray(content)) return message;
  const texts = content.flatMap((part: unknown) =>
    typeof part === "object" && part !== null && "text" in part && typeof part.text === "string"
      ? [part.text]
      : [],
  );
  return texts.length === content.length ? { ...message, content: texts.join("\n\n") } : message;
}
