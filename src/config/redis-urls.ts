import { isDecodable, LONE_PERCENT } from "./url-credentials.ts";

const ONE = "write redis://host:6379 or rediss://host:6379";
const SEVERAL = "write each node of a cluster as a URL of its own: redis://a:6379,redis://b:6379";

/** Splits `REDIS_URL` at commas into its servers: one server, or nodes of one cluster. */
export function splitRedisUrls(text: string): string[] {
  // A password may contain a comma. So a separator is only a comma before the next URL or at the end.
  return text
    .trim()
    .split(/\s*,\s*(?=rediss?:\/\/|$)/)
    .filter((url) => url !== "");
}

/** Describes how to correct the URLs; null if they are valid. */
export function redisUrlsProblem(urls: readonly string[]): string | null {
  const parsed = urls.map(readUrl).filter((url) => url !== null);
  const [first] = parsed;
  if (first === undefined || parsed.length < urls.length) return urls.join().includes(",") ? SEVERAL : ONE;
  if (!urls.every(isDecodable)) return LONE_PERCENT;
  if (parsed.length === 1) return null;
  if (parsed.some(({ protocol }) => protocol !== first.protocol))
    return "write redis:// for every node of the cluster, or rediss:// for every one";
  if (parsed.some(({ username, password }) => username !== first.username || password !== first.password))
    return "write the same user and password for every node of the cluster";
  if (parsed.some(({ pathname }) => !/^\/?0?$/.test(pathname)))
    return "leave out the number of the database: a cluster has only 0";
  return null;
}

function readUrl(text: string): URL | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  // `redis://a,b` is a valid URL, with the host "a,b".
  return /^rediss?:$/.test(url.protocol) && !url.hostname.includes(",") ? url : null;
}
