// A real MCP server over its pipes, for tests. It reports its identity, counts its calls, learns another tool, and
// fails and dies on request.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { z } from "zod";

const server = new McpServer({ name: "pipes", version: "1.0.0" });
let calls = 0;
const text = (words) => ({ content: [{ type: "text", text: words }] });
server.registerTool("who", { description: "Says who it is." }, () => {
  calls += 1;
  return text(`process ${process.pid}, call ${calls}, token ${process.env.TOKEN ?? "none"}`);
});
server.registerTool("die", { description: "Ends itself.", inputSchema: { code: z.number() } }, ({ code }) =>
  process.exit(code),
);
server.registerTool("trace", { description: "Says to which trace it belongs." }, ({ _meta }) =>
  text(`trace ${_meta?.traceparent ?? "none"}`),
);
server.registerTool("learn", { description: "Gets another tool." }, () => {
  server.registerTool("learned", { description: "Is new." }, () => text("new"));
  return text("learned");
});
await server.connect(new StdioServerTransport());
