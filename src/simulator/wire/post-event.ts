import { isLoopback } from "../../core/network/loopback.ts";
import type { PlatformName } from "../connection.ts";
import type { World } from "../world.ts";
import { headersOf } from "./api-call.ts";

export interface EventPost {
  platform: PlatformName;
  name: string;
  method?: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  body: string;
  timeoutMs: number;
}

/** The bot's answer to an event. Without a status there was none. */
export interface EventAnswer {
  status: number | null;
  body: string;
  retryAfter: string | null;
  /** The reason for a missing answer. */
  failure: "timeout" | "connection_failed" | null;
}

/** Posts one event to the bot, once, and logs it with its answer. Never rejects. */
export async function postEvent(world: World, post: EventPost): Promise<EventAnswer> {
  const { platform, name, method = "POST", url, headers, body } = post;
  const startedAt = performance.now();
  const at = new Date(world.clock.now()).toISOString();
  const log = (answer: EventAnswer, headersIn: Record<string, string>): EventAnswer => {
    const { status, failure } = answer;
    world.log.add({
      at,
      platform,
      direction: "event",
      name,
      request: { method, url, headers, body },
      answer: status === null ? null : { status, headers: headersIn, body: answer.body },
      trouble: failure,
      milliseconds: Math.round(performance.now() - startedAt),
    });
    return answer;
  };
  const timeout = AbortSignal.timeout(post.timeoutMs);
  try {
    const response = await fetch(world.reach(url), {
      method,
      headers,
      ...(method === "GET" ? {} : { body }),
      redirect: "manual",
      signal: AbortSignal.any([timeout, world.ended]),
    });
    const answer = await response.text();
    const { status } = response;
    const retryAfter = response.headers.get("retry-after");
    return log(
      { status, body: answer, retryAfter, failure: null },
      headersOf(Object.fromEntries(response.headers)),
    );
  } catch {
    const failure = timeout.aborted ? "timeout" : "connection_failed";
    return log({ status: null, body: "", retryAfter: null, failure }, {});
  }
}

export const isSuccess = ({ status }: EventAnswer): boolean =>
  status !== null && status >= 200 && status < 300;

/** Platforms call https addresses. The simulator also calls addresses of its own network. */
export function canBeCalled(text: unknown): text is string {
  if (typeof text !== "string" || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  if (protocol === "https:") return true;
  const isNear =
    isLoopback(hostname) ||
    !hostname.includes(".") ||
    /^(10|192\.168|172\.(1[6-9]|2\d|3[01]))\./.test(hostname);
  return protocol === "http:" && isNear;
}
