type Loose = Readonly<Record<string, unknown>>;

/** A chunk of a stream, or a whole answer, in the form that the packages accept. */
export interface TidyChat {
  choices: { index: 0; delta?: Loose; message?: Loose; finish_reason: string | null }[];
  usage?: Loose;
}

/** A server's error in the only form that is read. */
export interface TidyError {
  error: { message: string; type?: string; code?: string | number };
}

/**
 * Converts an answer to the common form, so that one odd field does not cost the answer. Servers of the chat
 * completions API agree on the important fields and on little else. Some send no choices in a chunk with only token
 * counts, null for absent values, or counts in other places.
 */
export function tidyChat(value: Loose): TidyChat {
  const choices = list(value["choices"]).filter((choice) => (choice["index"] ?? 0) === 0);
  const usage = usageOf(value, choices[0]);
  return { choices: choices.map(tidyChoice), ...(usage && { usage }) };
}

/** An error that came with a success status; null if it is no error. */
export function errorIn(value: Loose): TidyError | null {
  const error = value["error"] ?? (value["object"] === "error" ? value : null);
  if (error === null || error === undefined || error === false || error === "") return null;
  if (!isLoose(error)) return { error: { message: String(error) } };
  const { message, type, code } = error;
  return {
    error: {
      message: typeof message === "string" && message !== "" ? message : JSON.stringify(error),
      ...(typeof type === "string" && { type }),
      ...((typeof code === "string" || typeof code === "number") && { code }),
    },
  };
}

export function isLoose(value: unknown): value is Loose {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function tidyChoice(choice: Loose): TidyChat["choices"][number] {
  const { delta, message, finish_reason: reason } = choice;
  return {
    index: 0,
    ...(isLoose(delta) && { delta: tidyMessage(delta) }),
    ...(isLoose(message) && { message: tidyMessage(message) }),
    finish_reason: typeof reason === "string" && reason !== "" ? reason : null,
  };
}

function tidyMessage({ content, reasoning_content, reasoning, tool_calls }: Loose): Loose {
  const calls = list(tool_calls).map(tidyCall);
  return {
    role: "assistant",
    content: typeof content === "string" || Array.isArray(content) ? content : null,
    ...(typeof reasoning_content === "string" && { reasoning_content }),
    ...(typeof reasoning === "string" && { reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  };
}

function tidyCall(call: Loose): Loose {
  const { index, id, extra_content } = call;
  const { name, arguments: input } = isLoose(call["function"]) ? call["function"] : {};
  return {
    ...(typeof index === "number" && { index }),
    ...(typeof id === "string" && { id }),
    type: "function",
    function: {
      ...(typeof name === "string" && { name }),
      ...(input !== undefined && input !== null && { arguments: asJson(input) }),
    },
    ...(isLoose(extra_content) && { extra_content }),
  };
}

/** Some servers send the input as an object, not as JSON text. */
function asJson(input: unknown): string {
  return typeof input === "string" ? input : JSON.stringify(input);
}

/** Moonshot puts the counts in the choice, Groq under a key of its own. */
function usageOf(value: Loose, choice: Loose | undefined): Loose | null {
  const own = value["x_groq"];
  const found = [value["usage"], choice?.["usage"], isLoose(own) ? own["usage"] : null].find(isLoose);
  if (found === undefined) return null;
  const prompt = count(found["prompt_tokens"]) ?? count(found["input_tokens"]);
  const completion = count(found["completion_tokens"]) ?? count(found["output_tokens"]);
  if (prompt === null && completion === null) return null;
  return {
    prompt_tokens: prompt ?? 0,
    completion_tokens: completion ?? 0,
    total_tokens: (prompt ?? 0) + (completion ?? 0),
  };
}

/** Maximum value that the database column can hold. */
const MOST_TOKENS = 2_000_000_000;

function count(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number) || number < 0) return null;
  return Math.min(MOST_TOKENS, Math.round(number));
}

function list(value: unknown): Loose[] {
  return Array.isArray(value) ? value.filter(isLoose) : [];
}
