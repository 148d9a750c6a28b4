import { expect, test } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { Causeway } from "../../src/client/index.ts";
import { callsTool, says, startChatServer } from "../bots/chat-server.ts";
import { startToolServer } from "../bots/tool-server.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { testPool } from "../support/postgres.ts";

test("an agent's shadow answers after each turn, within its own budget, and neither delays nor reaches users", async () => {
  let hours = "open till nine";
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await using tools = await startToolServer((response) => response.end(hours));
  await using model = await startChatServer({
    answer({ messages, model: name }) {
      const last = messages.at(-1);
      if (name === "new" && last?.role === "user" && messages.length === 1)
        // The first call of the shadow hangs. The user's next message is answered all the same.
        return (response) => void released.then(() => response.writeHead(400).end("{}"));
      if (last?.role === "user" && JSON.stringify(last.content).includes("hours"))
        return callsTool("look_up", {});
      return says(last?.role === "tool" ? `${name}: ${last.content}` : `${name} knows ${messages.length}`);
    },
  });
  const bot = (name: string) => ({
    type: "llm",
    provider: "openai-compatible",
    baseUrl: model.baseUrl,
    model: name,
    tools: [
      {
        name: "look_up",
        description: "Opening hours.",
        method: "POST",
        url: tools.url,
        input: { type: "object", properties: {} },
        allowPrivateAddresses: true,
      },
    ],
  });
  const next = { bot: bot("new"), turns: { attempts: 1 } };
  const shadow = { agent: "next", share: 1, turnsPerDay: 4 };
  await using app = await startTestApp({
    agents: { coach: { bot: bot("old"), shadow }, next },
    channels: { api: { kind: "api", agent: "coach" } },
    times: { reconcileMs: 100 },
  });
  const pool = testPool(app.database.url);
  const client = new Causeway({ baseUrl: app.url, apiKey: app.apiKey });
  const session = (await app.api("POST", "/chat/sessions", { agent_id: "coach" })).body.id;
  const say = async (content: string) =>
    (await app.api("POST", `/chat/sessions/${session}/messages`, { content })).body.content;
  const shadows = async () => (await client.shadows.list({ agentId: "coach" })).data.toReversed();

  expect(await say("hello")).toBe("old knows 1");
  await eventually(() => expect(model.requests.map(({ model: name }) => name)).toContain("new"));
  expect(await say("the hours?")).toBe("old: open till nine");
  hours = "closed for ever";
  release();
  const compared = await eventually(async () => {
    const found = await shadows();
    expect(found.map(({ status }) => status)).toEqual(["failed", "answered"]);
    return found;
  });
  expect(compared).toMatchObject([
    {
      content: "hello",
      candidateVersion: 1,
      recorded: { replies: ["old knows 1"], errorCode: null },
      answer: { replies: [], errorCode: expect.any(String) },
    },
    {
      content: "the hours?",
      recorded: { replies: ["old: open till nine"], tools: ["look_up"] },
      answer: { replies: ["new: open till nine"], tools: ["look_up"] },
    },
  ]);
  // Its tool results come from the recorded turn, and its answers appear in no other place.
  expect(tools.requests).toHaveLength(1);
  expect((await app.api("GET", `/chat/sessions/${session}/messages`)).body.meta.total).toBe(4);
  expect((await app.api("GET", "/executions")).body.meta.total).toBe(2);

  // A process died while it asked the shadow, so another one asks again.
  const second = compared[1]?.id;
  await pool.query(
    `UPDATE shadows SET status = 'running', ended_at = NULL, replies = NULL, lease_expires_at = now() - interval '1 s'
     WHERE id = $1`,
    [second],
  );
  await eventually(async () => {
    const { rows } = await pool.query("SELECT status, attempts FROM shadows WHERE id = $1", [second]);
    expect(rows).toEqual([{ status: "answered", attempts: 2 }]);
  });

  expect(await say("and more?")).toBe("old knows 5");
  await eventually(async () => expect((await shadows()).at(-1)?.status).toBe("answered"));
  expect(await say("and still more?")).toBe("old knows 7");
  await eventually(async () =>
    expect((await shadows()).at(-1)).toMatchObject({ status: "skipped", errorCode: "budget_used_up" }),
  );
  const { rows: counted } = await pool.query("SELECT DISTINCT scope FROM budget_counters");
  expect(counted).toEqual([{ scope: "shadow" }]);

  const lines: string[] = [];
  const code = await runCli(["shadows", "coach", "--url", app.url], {
    print: (line) => void lines.push(line),
    start: async () => undefined,
    env: { CAUSEWAY_API_KEY: app.apiKey },
  });
  const shown = lines.join("\n");
  // One turn was not answered.
  expect(code).toBe(1);
  expect(shown).toContain("     old: open till nine");
  expect(shown).toContain("     new: open till nine");
  expect(shown).toContain("3 turns, 1 not answered, 1 skipped, 0 waiting.");

  // Switching the shadow off publishes no new version, and later turns are not recorded.
  await app.configure({ agents: { coach: { bot: bot("old") }, next } });
  await app.app.reload();
  expect((await app.api("GET", "/agents/coach")).body.current_version).toBe(1);
  expect(await say("the last one")).toBe("old knows 9");
  expect(await shadows()).toHaveLength(4);
  await app.api("DELETE", `/chat/sessions/${session}`);
  expect(await shadows()).toEqual([]);
  await pool.end();
}, 240_000);
