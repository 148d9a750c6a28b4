import { BotError } from "../../core/faults/errors.ts";

type Fetch = typeof globalThis.fetch;

/** A provider's address, separate from the credentials in it. */
export interface ProviderPlace {
  /** The URL without credentials and query, safe to show. */
  url: string;
  host: string;
  /** Query parameters of the address, such as a gateway's key. */
  query: URLSearchParams;
  authorization: string | null;
  /** Values that no error or log may show. */
  secrets: readonly string[];
}

/** Splits an address. `fetch` refuses credentials in a URL, and a path after a query is lost. */
export function placeOf(address: string): ProviderPlace {
  const url = new URL(address);
  const { username, password, searchParams: query, host } = url;
  const [user, secret] = [decodeURIComponent(username), decodeURIComponent(password)];
  const authorization =
    username === "" && password === ""
      ? null
      : `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`;
  const secrets = [username, password, user, secret, ...query.values()].filter((value) => value !== "");
  const shown = `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  return { url: shown, host, query, authorization, secrets: [...new Set(secrets)] };
}

/**
 * Sends requests with the query and credentials of the address. It gives up on a server that accepts the request and
 * stays silent, because a user waits. After the first byte, the turn limits the time.
 */
export function providerFetch(
  { query, authorization, host }: ProviderPlace,
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
