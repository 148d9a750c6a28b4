import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";

const messageSchema = z.object({
  id: z.number().optional(),
  method: z.string(),
  params: z.object({ name: z.string().optional(), cursor: z.string().optional() }).loose().optional(),
});

/** The answer to a tool call: a JSON-RPC answer, or an HTTP status with a text. */
export type McpAnswer = { result: unknown } | { error: unknown } | { status: number; text: string };

export interface McpSessionServer extends AsyncDisposable {
  url: string;
  calls: string[];
  /** The number of sessions begun. */
  sessions: number;
  /** Forgets every session, as a restart does. */
  forget(): void;
  /** Tells clients on their open streams that the list of tools has changed. Returns the number of streams. */
  announce(): number;
}

/** An MCP server with a hand-written protocol, so that it can answer as real servers do. It keeps sessions. */
export async function startMcpSessionServer(
  tools: Record<string, () => McpAnswer | Promise<McpAnswer>>,
  unknownSession: { status: number; text: string } = { status: 404, text: "Session not found" },
  /** What the list of tools says about the page behind a cursor. */
  nextPage: (cursor: string | undefined) => object = () => ({}),
): Promise<McpSessionServer> {
  const known = new Set<string>();
  const calls: string[] = [];
  let sessions = 0;
  const streams = new Set<ServerResponse>();

  async function answer(body: string, session: string, response: ServerResponse): Promise<McpAnswer | null> {
    const { id, method, params } = messageSchema.parse(JSON.parse(body));
    if (method === "initialize") {
      sessions += 1;
      const begun = randomUUID();
      known.add(begun);
      response.setHeader("mcp-session-id", begun);
      const serverInfo = { name: "sessions", version: "1.0.0" };
      return { result: { protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo } };
    }
    if (!known.has(session)) return unknownSession;
    if (id === undefined) return null;
    const names = Object.keys(tools).map((name) => ({ name, inputSchema: { type: "object" } }));
    if (method === "tools/list") return { result: { tools: names, ...nextPage(params?.cursor) } };
    calls.push(params?.name ?? "");
    return (await tools[params?.name ?? ""]?.()) ?? { error: { code: -32602, message: "Unknown tool" } };
  }

  const http = createServer(async (request, response) => {
    if (request.method === "GET" && known.has(String(request.headers["mcp-session-id"]))) {
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      streams.add(response);
      return void response.once("close", () => streams.delete(response));
    }
    if (request.method !== "POST") return void response.writeHead(405).end();
    let body = "";
    for await (const chunk of request) body += chunk;
    const given = await answer(body, String(request.headers["mcp-session-id"]), response);
    if (given === null) return void response.writeHead(202).end();
    if ("status" in given) return void response.writeHead(given.status).end(given.text);
    const { id } = messageSchema.parse(JSON.parse(body));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id, ...given }));
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    calls,
    get sessions() {
      return sessions;
    },
    forget: () => known.clear(),
    announce() {
      const notice = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
      for (const stream of streams) stream.write(`data: ${JSON.stringify(notice)}\n\n`);
      return streams.size;
    },
    [Symbol.asyncDispose]: async () => {
      http.close();
      http.closeAllConnections();
    },
  };
}
