import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { askBot } from "./ask-bot.ts";
import { callsThenAnswers, toldToModel, toolSummaries } from "./calling-model.ts";
import { startMcpSessionServer } from "./mcp-session-server.ts";
import { startProvider } from "./provider-server.ts";

const PIPES = fileURLToPath(new URL("./mcp-stdio-server.mjs", import.meta.url));
const text = (words: string) => ({ result: { content: [{ type: "text", text: words }] } });

/** A call that waits for an answer from the test. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

describe("a call of an MCP server's tool that fails", () => {
  it.each([
    [
      "an error of the protocol",
      { error: { code: -32602, message: "Invalid arguments" } },
      "Invalid arguments",
    ],
    ["too many requests", { status: 429, text: "Slow down." }, "the server answered HTTP 429: Slow down."],
    ["an error of the server", { status: 500, text: "Oops." }, "the server answered HTTP 500: Oops."],
    ["a result that cannot be read", { result: { content: "nonsense" } }, "Failed to parse server response"],
    ["no result at all", { result: null }, "the server's answer cannot be read"],
    ["too much", { result: { text: "x".repeat(20_000_001) } }, "the answer is longer than 20000000 bytes"],
    ["a request that the server refuses", { status: 400, text: "No." }, "the server answered HTTP 400: No."],
  ])("with %s does not affect other calls", async (_, answer, told) => {
    await using server = await startProvider();
    const { opened, open } = gate();
    await using mcp = await startMcpSessionServer({
      long: () => opened.then(() => text("took its time")),
      wrong: () => answer,
    });
    const bot = server.bot({ mcpServers: { one: { url: mcp.url } } });
    callsThenAnswers(server, ["one_long", {}]);
    const first = askBot(bot, "go");
    await eventually(() => expect(mcp.calls).toEqual(["long"]));
    server.mock.clearFixtures();
    callsThenAnswers(server, ["one_wrong", {}]);
    expect(toolSummaries((await askBot(bot, "go")).progress)).toEqual([`failed: ${told}`]);
    await askBot(bot, "go");
    open();
    expect(toolSummaries((await first).progress)).toEqual(["took its time"]);
    expect(mcp.sessions).toBe(1);
    await bot.close?.();
  });

  it("over pipes leaves the program running", async () => {
    await using server = await startProvider();
    const bot = server.bot({ mcpServers: { pipes: { command: process.execPath, args: [PIPES] } } });
    callsThenAnswers(server, ["pipes_who", {}]);
    expect(toolSummaries((await askBot(bot, "go")).progress)[0]).toMatch(/call 1/);
    server.mock.clearFixtures();
    callsThenAnswers(server, ["pipes_die", { code: "not a number" }]);
    await askBot(bot, "go");
    server.mock.clearFixtures();
    callsThenAnswers(server, ["pipes_who", {}]);
    expect(toolSummaries((await askBot(bot, "go")).progress)[0]).toMatch(/call 2/);
    await bot.close?.();
  });

  it.each([
    { status: 404, text: "Session not found" },
    { status: 400, text: "Bad Request: No valid session ID provided" },
  ])("because of a server restart ($status) is repeated in a new session", async (unknownSession) => {
    await using server = await startProvider();
    await using mcp = await startMcpSessionServer({ hello: () => text("hello") }, unknownSession);
    const bot = server.bot({ mcpServers: { one: { url: mcp.url } } });
    callsThenAnswers(server, ["one_hello", {}]);
    expect(toolSummaries((await askBot(bot, "go")).progress)).toEqual(["hello"]);
    mcp.forget();
    expect(toolSummaries((await askBot(bot, "go")).progress)).toEqual(["hello"]);
    expect(mcp.calls).toEqual(["hello", "hello"]);
    await bot.close?.();
  });

  it("does not interrupt calls on the old connection when another call finds the session gone", async () => {
    await using server = await startProvider();
    const { opened, open } = gate();
    await using mcp = await startMcpSessionServer({
      long: () => opened.then(() => text("took its time")),
      hello: () => text("hello"),
    });
    const bot = server.bot({ mcpServers: { one: { url: mcp.url } } });
    callsThenAnswers(server, ["one_long", {}]);
    const first = askBot(bot, "go");
    await eventually(() => expect(mcp.calls).toEqual(["long"]));
    mcp.forget();
    server.mock.clearFixtures();
    callsThenAnswers(server, ["one_hello", {}]);
    expect(toolSummaries((await askBot(bot, "go")).progress)).toEqual(["hello"]);
    open();
    expect(toolSummaries((await first).progress)).toEqual(["took its time"]);
    await bot.close?.();
  });

  it("does not mention transports to the model when the path is permanently wrong", async () => {
    await using server = await startProvider();
    await using mcp = await startMcpSessionServer({ gone: () => ({ status: 404, text: "nothing here" }) });
    const bot = server.bot({ mcpServers: { one: { url: mcp.url } } });
    callsThenAnswers(server, ["one_gone", {}]);
    await askBot(bot, "go");
    expect(toldToModel(server)).toContain("the server answered HTTP 404: nothing here");
    expect(toldToModel(server)).not.toContain("transport");
    await bot.close?.();
  });
});

describe("a list of an MCP server's tools", () => {
  it.each([
    ["ends with an empty cursor", () => ({ nextCursor: "" }), 1],
    ["names the same page again and again", () => ({ nextCursor: "again" }), 1],
    ["never ends", (cursor = "0") => ({ nextCursor: String(Number(cursor) + 1) }), 0],
  ])("that %s does not hold up the bot", async (_, nextPage, offered) => {
    await using server = await startProvider();
    await using mcp = await startMcpSessionServer({ hello: () => text("hello") }, undefined, nextPage);
    const bot = server.bot({ mcpServers: { one: { url: mcp.url } } });
    server.mock.onMessage("go", { content: "Done." });
    expect((await askBot(bot, "go")).result.replies).toEqual([{ content: "Done." }]);
    const body = server.mock.getLastRequest()?.body;
    const tools = body && "tools" in body && Array.isArray(body.tools) ? body.tools : [];
    expect(new Set(tools.map((tool) => tool.function.name)).size).toBe(offered);
    await bot.close?.();
  });
});

describe("tools of an MCP server with names that providers cannot tell apart", () => {
  it("are all offered, and each name runs its own tool", async () => {
    await using server = await startProvider();
    const long = "a_name_that_goes_on_and_on_until_it_has_come_to_the_end_";
    const names = ["get.user", "get_user", `${long}create`, `${long}delete`];
    await using mcp = await startMcpSessionServer(
      Object.fromEntries(names.map((name) => [name, () => text(`ran ${name}`)])),
    );
    const bot = server.bot({ mcpServers: { one: { url: mcp.url } } });
    server.mock.onMessage("go", { content: "Done." });
    await askBot(bot, "go");
    const body = server.mock.getLastRequest()?.body;
    const tools = body && "tools" in body && Array.isArray(body.tools) ? body.tools : [];
    const offered: string[] = tools.map((tool) => tool.function.name);
    expect(new Set(offered).size).toBe(4);
    for (const name of offered) expect(name).toMatch(/^[\w-]{1,64}$/);
    server.mock.clearFixtures();
    callsThenAnswers(server, ...offered.map((name): [string, unknown] => [name, {}]));
    const said = toolSummaries((await askBot(bot, "go")).progress);
    expect(said.toSorted()).toEqual(names.map((name) => `ran ${name}`).toSorted());
    await bot.close?.();
  });
});
