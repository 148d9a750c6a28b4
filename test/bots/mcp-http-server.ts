import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

export interface McpHttpServer extends AsyncDisposable {
  url: string;
  headers: Record<string, unknown>[];
}

/** A real MCP server over streamable HTTP, stateless, with a few tools. */
export async function startMcpServer(): Promise<McpHttpServer> {
  const headers: McpHttpServer["headers"] = [];
  const http = createServer(async (request, response) => {
    headers.push(request.headers);
    const server = toolServer(String(request.headers["authorization"]));
    const transport = new StreamableHTTPServerTransport();
    response.on("close", () => void transport.close());
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    await transport.handleRequest(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    headers,
    [Symbol.asyncDispose]: async () => {
      http.close();
      http.closeAllConnections();
    },
  };
}

function toolServer(authorization: string): McpServer {
  const server = new McpServer({ name: "weather", version: "1.0.0" });
  const text = (words: string) => ({ content: [{ type: "text" as const, text: words }] });
  server.registerTool(
    "forecast.today",
    { description: "The weather somewhere.", inputSchema: { city: z.string() } },
    ({ city }) => text(`Sunny in ${city} for ${authorization}`),
  );
  server.registerTool("fail", { description: "Fails." }, () => ({
    ...text("no such station"),
    isError: true,
  }));
  server.registerTool("flood", { description: "Talks too much." }, () => text("x".repeat(30_000)));
  server.registerTool("hang", { description: "Never answers." }, () => new Promise<never>(() => {}));
  server.registerTool("structured", { description: "Answers in JSON." }, () => ({
    content: [],
    structuredContent: { degrees: 21 },
  }));
  server.registerTool("map", { description: "Embeds a file." }, () => ({
    content: [
      {
        type: "resource" as const,
        resource: { uri: "map://oslo", mimeType: "image/png", blob: "aGVs".repeat(500) },
      },
    ],
  }));
  server.registerTool("picture", { description: "Draws." }, () => ({
    content: [{ type: "image" as const, data: "aGVsbG8=", mimeType: "image/png" }],
  }));
  return server;
}
