import { type Dispatcher, getGlobalDispatcher, request } from "undici";
import { isPrivateHost, publicConnections } from "../../core/network/private-addresses.ts";
import type { JsonObject } from "../../core/text/json.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import { traceHeaders } from "../../core/trace/current-span.ts";
import type { HttpToolConfig } from "./tool-config.ts";
import { shownResult } from "./tool-result.ts";

/** Maximum size of an answer, so that none can fill the memory. In bytes. */
const BODY_LIMIT = 1_000_000;

/** Calls a declared HTTP tool. Any answer of the server is the result; throws if the request failed. */
export async function callHttpTool(
  tool: HttpToolConfig,
  input: JsonObject,
  call: { executionId: string; signal: AbortSignal },
): Promise<string> {
  const { url, rest } = fillUrl(tool, input);
  if (!tool.allowPrivateAddresses && isPrivateHost(url)) throw new Error(`${url.host} is a private address`);
  const inBody = tool.method !== "GET" && tool.method !== "DELETE";
  const response = await request(url, {
    method: tool.method,
    headers: {
      "user-agent": "causeway",
      "x-causeway-execution-id": call.executionId,
      ...traceHeaders(),
      ...(inBody && { "content-type": "application/json" }),
      ...tool.headers,
    },
    ...(inBody && { body: JSON.stringify(rest) }),
    signal: AbortSignal.any([call.signal, timeLimit(tool.timeoutMs)]),
    dispatcher: tool.allowPrivateAddresses ? getGlobalDispatcher() : publicConnections,
  });
  const text = await readText(response.body);
  const shown = shownResult(text, Object.values(tool.headers));
  return response.statusCode < 300 ? shown : `HTTP ${response.statusCode}: ${shown}`;
}

/** The URL with its placeholders filled in, and the rest of the input. */
function fillUrl(tool: HttpToolConfig, input: JsonObject): { url: URL; rest: JsonObject } {
  const used = new Set<string>();
  const filled = tool.url.replace(/\{(\w+)\}/g, (_, name: string) => {
    used.add(name);
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    const text = encodeURIComponent(asText(value));
    // "." and ".." would change the path although they need no encoding.
    return /^\.{1,2}$/.test(text) ? "" : text;
  });
  const url = new URL(filled);
  const rest = Object.entries(input).filter(([name]) => !used.has(name));
  if (tool.method === "GET" || tool.method === "DELETE") {
    for (const [name, value] of rest) url.searchParams.append(name, asText(value));
  }
  return { url, rest: Object.fromEntries(rest) };
}

function asText(value: JsonObject[string] | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

async function readText(body: Dispatcher.ResponseData["body"]): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    const part = Buffer.from(chunk);
    chunks.push(part);
    bytes += part.length;
    // Leaving the loop closes the connection.
    if (bytes > BODY_LIMIT) break;
  }
  return Buffer.concat(chunks).toString();
}
