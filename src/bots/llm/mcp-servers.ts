import type { ToolSet } from "ai";
import type { Logger } from "../../core/process/logger.ts";
import { excerpt } from "../../core/text/text.ts";
import type { Clock } from "../../core/time/clock.ts";
import type { McpServerConfig } from "./mcp-config.ts";
import { connect, type McpConnection } from "./mcp-connection.ts";
import { callFault, lostSession } from "./mcp-fault.ts";
import { mcpTools, toolNames } from "./mcp-tools.ts";

/** Delay before the next try after a failed connection, milliseconds. So not every turn waits for that server. */
const PAUSE_MS = 10_000;

export interface McpServers {
  /** The tools of every reachable server. An unreachable one is logged and left out of the turn. */
  tools(): Promise<ToolSet>;
  close(): Promise<void>;
}

/** The MCP servers of one bot. A connection opens on first use, is kept, and opens again after a failure. */
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
      const opened = await connect(config);
      const tools = (await opened.tools()).map((tool) => tool.name);
      const names = toolNames(name, tools);
      // The server's name of each tool, by the name that models use.
      const named = Object.fromEntries(tools.map((tool) => [names.get(tool), tool]));
      log.info({ mcp_server: name, tools: named }, "connected to an MCP server");
      return opened;
    } catch (error) {
      retryAt = clock.now().getTime() + PAUSE_MS;
      const reason = excerpt(callFault(error), 300);
      log.warn(
        { mcp_server: name, reason },
        "cannot connect to an MCP server: the bot continues without its tools",
      );
      return null;
    }
  }

  /** The working connection. A new one replaces a broken one. Null if no connection is possible. */
  async function current(): Promise<McpConnection | null> {
    const pending = connection;
    const known = await pending;
    const isDue = pending === null || (known === null && clock.now().getTime() >= retryAt);
    // Several turns may find it broken at once; the first one replaces it.
    if ((isDue || known?.broken()) && connection === pending) {
      connection = open();
      known
        ?.retire()
        .catch((error: unknown) => log.debug({ err: error, mcp_server: name }, "could not close"));
    }
    return connection;
  }

  async function reachable(): Promise<McpConnection> {
    const found = await current();
    if (!found) throw new Error("the server cannot be reached");
    return found;
  }

  async function call(...args: Parameters<McpConnection["call"]>): Promise<object> {
    try {
      return await (await reachable()).call(...args);
    } catch (error) {
      if (!lostSession(error)) throw error;
      // The server did not know the session, so it ran nothing. The call is repeated once in a new session.
      return (await reachable()).call(...args);
    }
  }

  return {
    async tools() {
      const found = await current();
      return found ? mcpTools(name, config, await found.tools(), call) : {};
    },
    async close() {
      await (await connection)?.close();
    },
  };
}
