import type { ToolSet } from "ai";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { excerpt } from "../../core/text.ts";
import type { McpServerConfig } from "./mcp-config.ts";
import { connect, type McpConnection } from "./mcp-connection.ts";

/** How long a server that could not be connected to is left alone, so that not every turn waits for it, milliseconds. */
const PAUSE_MS = 10_000;

export interface McpServers {
  /** The tools of every server that can be reached. One that cannot is logged and left out of the turn. */
  tools(): Promise<ToolSet>;
  close(): Promise<void>;
}

/** The MCP servers of one bot: connected to on first use, kept, and connected to again after they broke. */
export function createMcpServers(
  configs: Readonly<Record<string, McpServerConfig>>,
  deps: { log: Logger; clock: Clock },
): McpServers {
  const servers = Object.entries(configs).map(([name, config]) => createServer(name, config, deps));
  return {
    async tools() {
      const sets = await Promise.all(servers.map((server) => server.tools()));
      return Object.assign({}, ...sets);
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}

function createServer(
  name: string,
  config: McpServerConfig,
  { log, clock }: { log: Logger; clock: Clock },
): McpServers {
  let connection: Promise<McpConnection | null> | null = null;
  let retryAt = 0;

  async function open(): Promise<McpConnection | null> {
    try {
      const opened = await connect(name, config);
      log.info({ mcp_server: name, tools: Object.keys(opened.tools) }, "connected to an MCP server");
      return opened;
    } catch (error) {
      retryAt = clock.now().getTime() + PAUSE_MS;
      const reason = excerpt(error instanceof Error ? error.message : String(error), 300);
      log.warn(
        { mcp_server: name, reason },
        "cannot connect to an MCP server: the bot goes on without its tools",
      );
      return null;
    }
  }

  return {
    async tools() {
      const current = await connection;
      const isDue = connection === null || (current === null && clock.now().getTime() >= retryAt);
      if (isDue || current?.broken()) {
        // Several turns may find it broken at once; the first one replaces it.
        const broken = current;
        if ((await connection) === current) connection = open();
        broken
          ?.close()
          .catch((error: unknown) => log.debug({ err: error, mcp_server: name }, "could not close"));
      }
      return (await connection)?.tools ?? {};
    },
    async close() {
      await (await connection)?.close();
    },
  };
}
