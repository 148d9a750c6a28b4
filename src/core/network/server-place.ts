import { percentDecoded } from "../text/percent-decoded.ts";

/** A server's address, separate from the credentials in it. */
export interface ServerPlace {
  /** The URL without credentials and query, safe to show. */
  url: string;
  host: string;
  /** Query parameters of the address, such as a gateway's key. */
  query: URLSearchParams;
  authorization: string | null;
  /** Values that no error or log may show. */
  secrets: readonly string[];
}

const BASIC = "Basic ";

/** Splits an address. `fetch` refuses credentials in a URL, and a path after a query is lost. */
export function placeOf(address: string): ServerPlace {
  const url = new URL(address);
  const { username, password, searchParams: query, host } = url;
  const [user, secret] = [percentDecoded(username), percentDecoded(password)];
  const authorization = basicOf(url);
  const sent = authorization?.slice(BASIC.length) ?? "";
  const secrets = [username, password, user, secret, sent, ...query.values()].filter((value) => value !== "");
  const shown = `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  return { url: shown, host, query, authorization, secrets: [...new Set(secrets)] };
}

/**
 * The headers of a call with the credentials in its address, which clients leave out. A configured `Authorization` comes
 * first.
 */
export function withCredentials(
  address: URL,
  headers: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const authorization = basicOf(address);
  const isGiven = Object.keys(headers).some((name) => name.toLowerCase() === "authorization");
  return { ...(authorization === null || isGiven ? {} : { authorization }), ...headers };
}

function basicOf({ username, password }: URL): string | null {
  if (username === "" && password === "") return null;
  const credentials = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return `${BASIC}${Buffer.from(credentials).toString("base64")}`;
}
