import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { definition } from "../../src/bots/llm/index.ts";
import { inSpan } from "../../src/core/trace/current-span.ts";
import type { Span } from "../../src/core/trace/span.ts";
import { eventually } from "../support/eventually.ts";
import { askBot } from "./ask-bot.ts";
import { callsThenAnswers, toldToModel, toolSummaries } from "./calling-model.ts";
import { startMcpServer } from "./mcp-http-server.ts";
import { type McpAnswer, startMcpSessionServer } from "./mcp-session-server.ts";
import { startProvider } from "./provider-server.ts";
import { keptLog } from "./quiet-log.ts";

const PIPES = fileURLToPath(new URL("./mcp-stdio-server.mjs", import.meta.url));
const pipes = (more = {}) => ({ command: process.execPath, args: [PIPES], ...more });

describe("tools of an MCP server", () => {
  it("over HTTP are offered under the server's name and called; results hide secrets", async () => {
    await using server = await startProvider();
    await using mcp = await startMcpServer();
    callsThenAnswers(server, ["weather_forecast_today", { city: "Oslo" }]);
    const headers = { authorization: "Bearer mcp-secret" };
    const bot = server.bot({ mcpServers: { weather: { url: mcp.url, headers } } });
    const { result, progress } = await askBot(bot, "go");
    expect(result.replies).toEqual([{ content: "Done." }]);
    expect(toolSummaries(progress)).toEqual(["Sunny in Oslo for [secret]"]);
    expect(mcp.headers[0]).toMatchObject(headers);
    const offered = JSON.stringify(server.mock.getLastRequest()?.body);
    for (const name of ["fail", "flood", "hang", "picture"]) expect(offered).toContain(`weather_${name}`);
    expect(offered).toContain("The weather somewhere.");
    await bot.close?.();
  });

  it("that the agent does not name are not offered", async () => {
    await using server = await startProvider();
    await using mcp = await startMcpServer();
    callsThenAnswers(server, ["weather_forecast_today", { city: "Oslo" }]);
    const url = mcp.url.replace("//", "//user:basicpw123@");
    const bot = server.bot({ mcpServers: { weather: { url, tools: ["fail", "forecast.today"] } } });
    const { progress } = await askBot(bot, "go");
    expect(toolSummaries(progress)).toEqual(["Sunny in Oslo for Basic [secret]"]);
    // The client refuses credentials in an address, so they go into the header.
    expect(mcp.headers[0]).toMatchObject({
      authorization: `Basic ${Buffer.from("user:basicpw123").toString("base64")}`,
    });
    const body = JSON.stringify(server.mock.getLastRequest()?.body);
    expect(body).toContain("weather_fail");
    expect(body).not.toContain("weather_flood");
    await bot.close?.();
  });

  it("that fail, hang, or return too much or a picture are reported to the model, which continues", async () => {
    await using server = await startProvider();
    await using mcp = await startMcpServer();
    callsThenAnswers(
      server,
      ["weather_fail", {}],
      ["weather_flood", {}],
      ["weather_picture", {}],
      ["weather_hang", {}],
    );
    const bot = server.bot({ mcpServers: { weather: { url: mcp.url, timeoutMs: 1000 } } });
    const { result } = await askBot(bot, "go");
    const told = toldToModel(server);
    expect(told).toContain("The tool failed: no such station");
    expect(told).toMatch(/cut off, 22000 more characters/);
    expect(told).toContain("[image image/png, not shown]");
    expect(told).toContain("did not answer within 1000 ms");
    expect(result.replies).toEqual([{ content: "Done." }]);
    await bot.close?.();
  });

  it("over pipes share one process with a separate environment; it ends with the bot", async () => {
    await using server = await startProvider();
    callsThenAnswers(server, ["pipes_who", {}]);
    const bot = server.bot({ mcpServers: { pipes: pipes({ env: { TOKEN: "pipe-secret" } }) } });
    const first = toolSummaries((await askBot(bot, "go")).progress)[0] ?? "";
    const second = toolSummaries((await askBot(bot, "go")).progress)[0] ?? "";
    const pid = Number(/process (\d+)/.exec(first)?.[1]);
    expect(first).toBe(`process ${pid}, call 1, token [secret]`);
    expect(second).toBe(`process ${pid}, call 2, token [secret]`);
    await bot.close?.();
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow("ESRCH"));
  });

  it("work again after the server died", async () => {
    await using server = await startProvider();
    callsThenAnswers(server, ["pipes_die", { code: 1 }]);
    const bot = server.bot({ mcpServers: { pipes: pipes() } });
    const { result, progress } = await askBot(bot, "go");
    expect(toolSummaries(progress)[0]).toMatch(/^failed: /);
    expect(result.replies).toEqual([{ content: "Done." }]);
    server.mock.clearFixtures();
    callsThenAnswers(server, ["pipes_who", {}]);
    expect(toolSummaries((await askBot(bot, "go")).progress)[0]).toMatch(/call 1/);
    await bot.close?.();
  });

  it("may answer in JSON, and the model gets the names of embedded files", async () => {
    await using server = await startProvider();
    await using mcp = await startMcpServer();
    callsThenAnswers(server, ["weather_structured", {}], ["weather_map", {}]);
    const bot = server.bot({ mcpServers: { weather: { url: mcp.url } } });
    expect(toolSummaries((await askBot(bot, "go")).progress)).toEqual([
      '{"degrees":21}',
      "[resource map://oslo image/png, not shown]",
    ]);
    await bot.close?.();
  });

  it("over pipes get the trace to which a call belongs", async () => {
    await using server = await startProvider();
    const bot = server.bot({ mcpServers: { pipes: pipes() } });
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const nothing = () => undefined;
    const span: Span = {
      traceparent,
      showsText: false,
      child: () => span,
      set: nothing,
      fail: nothing,
      end: nothing,
    };
    callsThenAnswers(server, ["pipes_trace", {}]);
    const { progress } = await inSpan(span, () => askBot(bot, "go"));
    expect(toolSummaries(progress)).toEqual([`trace ${traceparent}`]);
    await bot.close?.();
  });

  it("that were added later are offered with the next message", async () => {
    await using server = await startProvider();
    callsThenAnswers(server, ["pipes_learn", {}]);
    const bot = server.bot({ mcpServers: { pipes: pipes() } });
    await askBot(bot, "go");
    expect(JSON.stringify(server.mock.getLastRequest()?.body)).not.toContain("pipes_learned");
    server.mock.clearFixtures();
    callsThenAnswers(server, ["pipes_who", {}]);
    await askBot(bot, "go");
    expect(JSON.stringify(server.mock.getLastRequest()?.body)).toContain("pipes_learned");
    await bot.close?.();
  });

  it("that were added later over HTTP are offered after the server announces them", async () => {
    await using server = await startProvider();
    const tools: Record<string, () => McpAnswer> = { first: () => ({ result: { content: [] } }) };
    await using mcp = await startMcpSessionServer(tools);
    server.mock.onMessage("go", { content: "Done." });
    const bot = server.bot({ mcpServers: { web: { url: mcp.url } } });
    const offered = async () => {
      await askBot(bot, "go");
      return JSON.stringify(server.mock.getLastRequest()?.body);
    };
    expect(await offered()).toContain("web_first");
    tools["second"] = () => ({ result: { content: [] } });
    expect(await offered()).not.toContain("web_second");
    await eventually(() => expect(mcp.announce()).toBe(1));
    await eventually(async () => expect(await offered()).toContain("web_second"));
    await bot.close?.();
  });

  it("that cannot be reached are left out, and the log says why", async () => {
    await using server = await startProvider();
    server.mock.onMessage("go", { content: "Done." });
    const log = keptLog();
    const config = definition.configSchema.parse({
      baseUrl: `${server.mock.url}/v1`,
      model: "m",
      mcpServers: { gone: { url: "http://127.0.0.1:9/mcp" }, missing: { command: "no-such-program-here" } },
    });
    const bot = await definition.create(config, { log });
    expect((await askBot(bot, "go")).result.replies).toEqual([{ content: "Done." }]);
    expect(log.lines.filter((line) => line.startsWith("cannot connect to an MCP server"))).toHaveLength(2);
    await bot.close?.();
  });

  it.each([{ weather: {} }, { "weather station": { url: "http://a" } }, { weather: { url: "ftp://a" } }])(
    "are refused when configured as %j",
    (mcpServers) => {
      const config = { baseUrl: "http://a/v1", model: "m", mcpServers };
      expect(definition.configSchema.safeParse(config).success).toBe(false);
    },
  );
});
