import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { Causeway } from "../../src/client/index.ts";
import { callsTool, says, startChatServer } from "../bots/chat-server.ts";
import { startToolServer } from "../bots/tool-server.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { testPool } from "../support/postgres.ts";

const look = (url: string) => ({
  name: "look_up",
  description: "Opening hours.",
  method: "POST",
  url,
  input: { type: "object", properties: {} },
  allowPrivateAddresses: true,
});

describe("a replay", () => {
  it("shows another version's answers beside the recorded ones, with recorded tools, and changes nothing", async () => {
    let hours = "open till nine";
    await using tools = await startToolServer((response) => response.end(hours));
    await using model = await startChatServer({
      answer: ({ messages, model: name }) => {
        const last = messages.at(-1);
        if (name === "broken") return (response) => response.writeHead(400).end("{}");
        if (last?.role === "user" && String(JSON.stringify(last.content)).includes("hours"))
          return callsTool("look_up", {});
        return last?.role === "tool"
          ? says(`${name}: ${last.content}`)
          : says(`${name} knows ${messages.length}`);
      },
    });
    const bot = (name: string) => ({
      type: "llm",
      provider: "openai-compatible",
      baseUrl: model.baseUrl,
      model: name,
      tools: [look(tools.url)],
    });
    const others = {
      hook: { bot: { type: "webhook", url: tools.url, secret: "a-secret-for-my-own-bot" } },
      broken: { bot: bot("broken"), turns: { attempts: 1 } },
    };
    await using app = await startTestApp({
      agents: { coach: { bot: bot("old") }, ...others },
      channels: { api: { kind: "api", agent: "coach" } },
    });
    const session = (await app.api("POST", "/chat/sessions", { agent_id: "coach" })).body.id;
    const say = (content: string) => app.api("POST", `/chat/sessions/${session}/messages`, { content });
    expect((await say("hello")).body.content).toBe("old knows 1");
    expect((await say("the hours?")).body.content).toBe("old: open till nine");
    await app.configure({ agents: { coach: { bot: bot("new") }, ...others } });
    await app.app.reload();
    hours = "closed for ever";
    const pool = testPool(app.database.url);
    const counts = async () =>
      (
        await pool.query(
          "SELECT (SELECT count(*) FROM messages) AS m, (SELECT count(*) FROM executions) AS e, (SELECT count(*) FROM deliveries) AS d",
        )
      ).rows;
    await eventually(async () => {
      const { rows } = await pool.query("SELECT 1 FROM executions WHERE status <> 'completed'");
      expect(rows).toEqual([]);
    });
    // A turn that failed, and was run again, is one turn.
    await pool.query(
      `INSERT INTO executions (id, workspace_id, session_id, user_message_id, seq, status, error_code)
       SELECT 'failed-before', workspace_id, session_id, user_message_id, seq, 'failed', 'down' FROM executions WHERE seq = 1`,
    );
    const before = await counts();

    const client = new Causeway({ baseUrl: app.url, apiKey: app.apiKey });
    const replay = await client.replay({ sessionId: session, agentId: "coach", version: 2 });
    expect(replay).toMatchObject({
      version: 2,
      matching: 1,
      sessions: 1,
      turns: 2,
      failures: 0,
      complete: true,
      recorded: { answered: 2 },
      replayed: { answered: 2, seconds: expect.any(Number) },
    });
    expect(replay.data).toMatchObject([
      {
        content: "hello",
        recorded: { replies: ["old knows 1"], tools: [], errorCode: null },
        replayed: { replies: ["new knows 1"], tools: [], errorCode: null },
      },
      {
        content: "the hours?",
        recorded: { replies: ["old: open till nine"], tools: ["look_up"] },
        replayed: { replies: ["new: open till nine"], tools: ["look_up"] },
      },
    ]);
    expect(tools.requests).toHaveLength(1);
    // The previous version still gives the same answer.
    const again = await client.replay({ filter: { agentId: "coach" }, agentId: "coach", version: 1 });
    expect(again.data.map(({ replayed }) => replayed.replies)).toEqual([
      ["old knows 1"],
      ["old: open till nine"],
    ]);
    expect((await client.replay({ filter: { channel: "web" }, agentId: "coach" })).turns).toBe(0);

    // The share is a part of all sessions, not of the sessions in one call.
    await pool.query(
      `INSERT INTO sessions (id, workspace_id, agent_id, agent_version, channel_id, single)
       SELECT 'quiet-' || n, workspace_id, agent_id, agent_version, channel_id, false
       FROM sessions s CROSS JOIN generate_series(1, 60) n WHERE s.id = $1`,
      [session],
    );
    const place = (id: string) => createHash("sha256").update(id).digest().readUInt32BE(0) / 2 ** 32;
    const quiet = Array.from({ length: 60 }, (_value, n) => `quiet-${n + 1}`);
    const inShare = [session, ...quiet].filter((id) => place(id) < 0.6).length;
    const shared = await client.replay({ filter: { agentId: "coach" }, agentId: "coach", share: 0.6 });
    expect(shared).toMatchObject({ matching: inShare, sessions: 20, complete: false });

    const refused = async (body: object) => {
      const { status, body: answer } = await app.api("POST", "/replays", body);
      return [status, answer.error.code];
    };
    expect(await refused({ session_id: session, agent_id: "coach", version: 9 })).toEqual([
      404,
      "version_not_found",
    ]);
    expect(await refused({ session_id: session, agent_id: "nobody" })).toEqual([404, "agent_not_found"]);
    expect(await refused({ session_id: session, agent_id: "hook" })).toEqual([422, "bot_not_replayable"]);
    expect((await refused({ agent_id: "coach" }))[0]).toBe(422);

    const cli = async (...args: string[]) => {
      const lines: string[] = [];
      const code = await runCli(["replay", session, "--url", app.url, ...args], {
        print: (line) => void lines.push(line),
        start: async () => undefined,
        env: { CAUSEWAY_API_KEY: app.apiKey },
      });
      return { code, text: lines.join("\n") };
    };
    const shown = await cli("--agent", "coach@2");
    expect(shown.code).toBe(0);
    expect(shown.text).toContain("new: open till nine");
    expect(shown.text).toContain("coach version 2: 2 turns, 0 not answered.");
    const failed = await cli("--agent", "broken");
    expect([failed.code, failed.text]).toEqual([1, expect.stringContaining("2 turns, 2 not answered")]);
    expect((await cli()).code).toBe(2);

    expect(await counts()).toEqual(before);
    expect(tools.requests).toHaveLength(1);
    await pool.end();
  });
});
