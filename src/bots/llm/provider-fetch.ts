import { BotError } from "../../core/faults/errors.ts";
import type { ServerPlace } from "../../core/network/server-place.ts";

type Fetch = typeof globalThis.fetch;

/**
 * Sends requests with the query and credentials of the address. It gives up on a server that accepts the request and
 * stays silent, because a user waits. After the first byte, the turn limits the time.
 */
export function providerFetch(
  { query, authorization, host }: ServerPlace,
  firstByteTimeoutMs: number,
): Fetch {
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    for (const [name, value] of query) url.searchParams.append(name, value);
    const headers = new Headers(init?.headers);
    if (authorization !== null && !headers.has("authorization")) headers.set("authorization", authorization);
    const limit = new AbortController();
    const { signal } = init ?? {};
    // Not `AbortSignal.any`, which Node 20 may collect while the answer is still being read.
    const stop = () => limit.abort(signal?.reason);
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    const silence = `${host} said nothing within ${firstByteTimeoutMs} ms (bot.firstByteTimeoutMs)`;
    const timer = setTimeout(() => limit.abort(new BotError("timeout", silence)), firstByteTimeoutMs);
    try {
      return await fetch(url, { ...init, headers, signal: limit.signal });
    } finally {
      clearTimeout(timer);
    }
  };
}
