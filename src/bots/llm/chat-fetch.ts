import type { Logger } from "../../core/process/logger.ts";
import { excerpt } from "../../core/text/text.ts";
import { type ChatRequest, type Habit, knownHabits } from "./request-habits.ts";
import { tidyResponse } from "./tidy-response.ts";

type Fetch = typeof globalThis.fetch;

/** Statuses about keys, rights and rates, which do not depend on the form of a request. */
const OTHER_REFUSALS: ReadonlySet<number> = new Set([401, 402, 403, 408, 429]);

/**
 * Adapts requests to a server of the chat completions API. If a refusal names an unnecessary part, the request is
 * repeated without it. A change that helped is remembered for the model.
 */
export function chatFetch(
  fetch: Fetch,
  options: { limitIsOurs: boolean; model: string; log: Logger },
): Fetch {
  const learned: Habit[] = [];
  const known = knownHabits(options);

  return async (url, init) => {
    const request = init?.body === undefined ? null : readRequest(init.body);
    if (request === null) return fetch(url, init);
    let asked = learned.reduce((adapted, habit) => habit.adapt(adapted) ?? adapted, request);
    const send = (body: ChatRequest) => fetch(url, { ...init, body: JSON.stringify(body) });
    let response = await send(asked);
    const tried: Habit[] = [];
    while (mayBeHabit(response)) {
      const words = await response.text();
      const next = known
        .filter((habit) => !tried.includes(habit) && habit.isNamed(words))
        .map((habit) => ({ habit, adapted: habit.adapt(asked) }))
        .find(({ adapted }) => adapted !== null);
      if (!next?.adapted) return again(response, words);
      tried.push(next.habit);
      asked = next.adapted;
      response = await send(asked);
    }
    if (response.ok && tried.length > 0) {
      learned.push(...tried.filter((habit) => !learned.includes(habit)));
      const habits = tried.map(({ name }) => name).join(", ");
      options.log.info(
        { model: excerpt(options.model, 100), habits },
        "the server needs another form of request",
      );
    }
    return tidyResponse(response, asked["stream"] === true);
  };
}

/** At some servers, a template that fails on a message causes a server error. */
function mayBeHabit({ status }: Response): boolean {
  return (status >= 400 && status < 500 && !OTHER_REFUSALS.has(status)) || status === 500 || status === 501;
}

/** A response whose body has been read. */
function again({ status, headers }: Response, text: string): Response {
  const kept = new Headers(headers);
  for (const name of ["content-length", "content-encoding"]) kept.delete(name);
  return new Response(text, { status, headers: kept });
}

function readRequest(body: unknown): ChatRequest | null {
  if (typeof body !== "string") return null;
  const request: unknown = JSON.parse(body);
  return typeof request === "object" && request !== null && "messages" in request ? { ...request } : null;
}
