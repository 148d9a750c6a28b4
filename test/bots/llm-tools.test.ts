import { describe, expect, it } from "vitest";
import { toolsSchema } from "../../src/bots/llm/tool-config.ts";
import { isPrivateAddress } from "../../src/core/network/private-addresses.ts";
import { askBot, streamedText } from "./ask-bot.ts";
import { callsThenAnswers, toldToModel, toolSummaries } from "./calling-model.ts";
import { startProvider } from "./provider-server.ts";
import { startToolServer } from "./tool-server.ts";

describe("built-in tools", () => {
  it("read and update participant data; the change is committed with the reply, as one patch", async () => {
    await using server = await startProvider();
    callsThenAnswers(
      server,
      ["read_participant_data", {}],
      ["update_participant_data", { data: { mood: "good", plan: null } }],
      ["update_participant_data", { data: { goals: { steps: 9000 } } }],
    );
    const bot = server.bot({ tools: ["read_participant_data", "update_participant_data"] });
    const participantData = { plan: "gold", goals: { sleep: 8 } };
    const { result, progress } = await askBot(bot, "go", { participantData });
    expect(result).toMatchObject({
      replies: [{ content: "Done." }],
      participantData: { mood: "good", plan: null, goals: { steps: 9000 } },
    });
    expect(toldToModel(server)).toContain("gold");
    expect(progress.map(({ type }) => type)).toEqual([
      ...["tool_start", "tool_start", "tool_start", "tool_end", "tool_end", "tool_end"],
      ...["content"],
    ]);
  });

  it("write nothing when nothing changed", async () => {
    await using server = await startProvider();
    callsThenAnswers(server, ["update_participant_data", { data: { plan: "gold" } }]);
    const asked = askBot(server.bot({ tools: ["update_participant_data"] }), "go", {
      participantData: { plan: "gold" },
    });
    expect((await asked).result).not.toHaveProperty("participantData");
  });

  it("end the session, with or without a last message", async () => {
    await using server = await startProvider();
    callsThenAnswers(server, ["end_session", {}]);
    server.mock.on({ userMessage: "leave", hasToolResult: true }, { content: "" });
    server.mock.on({ userMessage: "leave" }, { toolCalls: [{ name: "end_session", arguments: "{}" }] });
    const bot = server.bot({ tools: ["end_session"] });
    expect((await askBot(bot, "go")).result).toMatchObject({
      replies: [{ content: "Done." }],
      endSession: true,
    });
    expect((await askBot(bot, "leave")).result).toMatchObject({
      replies: [],
      silent: true,
      endSession: true,
    });
  });

  it("ask for a person, with or without a last message; that prevails over ending the session", async () => {
    await using server = await startProvider();
    callsThenAnswers(server, ["handoff", { reason: "refund" }], ["end_session", {}]);
    server.mock.on({ userMessage: "person", hasToolResult: true }, { content: "" });
    server.mock.on({ userMessage: "person" }, { toolCalls: [{ name: "handoff", arguments: "{}" }] });
    const bot = server.bot({ tools: ["handoff", "end_session"] });
    const { result } = await askBot(bot, "go");
    expect(result).toMatchObject({ replies: [{ content: "Done." }], handoff: { reason: "refund" } });
    expect(result).not.toHaveProperty("endSession");
    expect((await askBot(bot, "person")).result).toMatchObject({
      replies: [],
      silent: true,
      handoff: { reason: null },
    });
  });

  it("schedule a message, unless its time is past or missing", async () => {
    await using server = await startProvider();
    callsThenAnswers(
      server,
      ["schedule_message", { instruction: "Remind them to stretch.", after: "2h" }],
      ["schedule_message", { instruction: "Wish them luck.", at: "2099-01-01T09:00:00+01:00" }],
      ["schedule_message", { instruction: "Too late.", at: "2001-01-01T09:00:00Z" }],
      ["schedule_message", { instruction: "When?" }],
      ["schedule_message", { instruction: "Drink water.", every: "30s" }],
      [
        "schedule_message",
        {
          instruction: "Ask how they slept.",
          name: "Sleep",
          rrule: "FREQ=DAILY;BYHOUR=8;BYMINUTE=0;BYSECOND=0",
          max_runs: 7,
        },
      ],
    );
    const asked = { participantData: { timezone: "Africa/Nairobi" } };
    const { result } = await askBot(server.bot({ tools: ["schedule_message"] }), "go", asked);
    expect(result.later).toEqual([
      { at: expect.any(Date), message: { prompt: "Remind them to stretch." } },
      { at: new Date("2099-01-01T08:00:00Z"), message: { prompt: "Wish them luck." } },
      {
        at: expect.any(Date),
        name: "Sleep",
        message: { prompt: "Ask how they slept." },
        repeats: {
          recurrence: expect.objectContaining({ kind: "rrule", timezone: "Africa/Nairobi" }),
          maxRuns: 7,
        },
      },
    ]);
    expect(result.later?.at(-1)?.at.getUTCHours()).toBe(5);
    expect(toldToModel(server)).toContain("more often than once a minute");
    expect(toldToModel(server)).toContain("is past");
  });

  it("list, move, pause and cancel the user's scheduled messages, and nothing else", async () => {
    await using server = await startProvider();
    const recurrence = {
      kind: "cron" as const,
      cron: "0 9 * * *",
      timezone: "Europe/Berlin",
      startsAt: new Date("2026-01-01T00:00:00Z"),
      endsAt: null,
    };
    const one = { name: null, instruction: "Ask.", recurrence, nextAt: new Date("2099-01-01T08:00:00Z") };
    const tools = ["list_schedules", "change_schedule", "cancel_schedule"];
    callsThenAnswers(
      server,
      ["list_schedules", {}],
      ["change_schedule", { id: "a", cron: "30 9 * * *", status: "paused" }],
      ["change_schedule", { id: "a", cron: "every day" }],
      ["cancel_schedule", { id: "b" }],
      ["cancel_schedule", { id: "somebody else's" }],
    );
    const coming = [
      { id: "a", ...one },
      { id: "b", ...one, nextAt: null },
    ];
    const { result } = await askBot(server.bot({ tools }), "go", { coming });
    expect(result.laterChanges).toHaveLength(3);
    // Tools of one step run at the same time.
    expect(new Set(result.laterChanges)).toEqual(
      new Set([
        { id: "a", kind: "move", recurrence: expect.objectContaining({ cron: "30 9 * * *" }) },
        { id: "a", kind: "pause" },
        { id: "b", kind: "cancel" },
      ]),
    );
    const told = toldToModel(server);
    for (const part of [
      "0 9 * * *",
      "paused",
      "The cron pattern",
      "you scheduled no message somebody else's",
    ])
      expect(told).toContain(part);
  });

  it("are offered only where the agent names them", async () => {
    await using server = await startProvider();
    server.mock.onMessage("go", { content: "Done." });
    await askBot(server.bot(), "go");
    expect(server.mock.getLastRequest()?.body).not.toHaveProperty("tools");
  });
});

describe("HTTP tools", () => {
  const weather = (url: string, more: Record<string, unknown> = {}) => ({
    tools: [
      {
        name: "weather",
        description: "The weather somewhere.",
        url: `${url}/v1/{city}?lang={lang}`,
        headers: { authorization: "Bearer tool-secret" },
        input: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
        allowPrivateAddresses: true,
        ...more,
      },
    ],
  });

  it("put the input into the URL, encoded, and the rest into the query", async () => {
    await using server = await startProvider();
    await using api = await startToolServer((response) => response.end('{"sky":"blue"}'));
    callsThenAnswers(server, ["weather", { city: "a/../b?x#y", lang: "de", days: 3 }]);
    const { progress } = await askBot(server.bot(weather(api.url)), "go");
    expect(api.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /v1/a%2F..%2Fb%3Fx%23y?lang=de&days=3",
    ]);
    expect(api.requests[0]?.headers).toMatchObject({
      authorization: "Bearer tool-secret",
      "x-causeway-execution-id": "execution-1",
    });
    expect(toolSummaries(progress)).toEqual(['{"sky":"blue"}']);
  });

  it("send the rest as a JSON body if the method has one, and report a refusal to the model", async () => {
    await using server = await startProvider();
    await using api = await startToolServer((response) => response.writeHead(422).end("no such city"));
    callsThenAnswers(server, ["weather", { city: "X", days: 3 }]);
    const { result } = await askBot(server.bot(weather(api.url, { method: "POST" })), "go");
    expect(api.requests[0]).toMatchObject({ method: "POST", body: '{"days":3}' });
    expect(toldToModel(server)).toContain("HTTP 422: no such city");
    expect(result.replies).toEqual([{ content: "Done." }]);
  });

  it("mark where they cut a long result, and hide secrets in it", async () => {
    await using server = await startProvider();
    await using api = await startToolServer((response) =>
      response.end(`Bearer tool-secret${"x".repeat(20_000)}`),
    );
    callsThenAnswers(server, ["weather", { city: "X" }]);
    await askBot(server.bot(weather(api.url)), "go");
    const told = toldToModel(server);
    expect(told).toMatch(/cut off, \d+ more characters/);
    expect(told.length).toBeLessThan(9000);
    expect(told).not.toContain("tool-secret");
  });

  it("do not follow redirects, because they could lead anywhere", async () => {
    await using server = await startProvider();
    await using api = await startToolServer((response) =>
      response.writeHead(302, { location: "/other" }).end(),
    );
    callsThenAnswers(server, ["weather", { city: "X" }]);
    const { progress } = await askBot(server.bot(weather(api.url)), "go");
    expect(api.requests.length).toBe(1);
    expect(toolSummaries(progress)).toEqual(["HTTP 302:"]);
  });

  it.each(["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0x7f.1"])(
    "do not reach %s unless allowed",
    async (host) => {
      await using server = await startProvider();
      await using api = await startToolServer((response) => response.end("secret"));
      callsThenAnswers(server, ["weather", { city: "X" }]);
      const url = api.url.replace("127.0.0.1", host);
      const { progress } = await askBot(server.bot(weather(url, { allowPrivateAddresses: false })), "go");
      expect(toolSummaries(progress)).toEqual([expect.stringMatching(/^failed: .*is a private address/)]);
      expect(api.requests).toEqual([]);
    },
  );

  it("that take too long fail, and the model continues", async () => {
    await using server = await startProvider();
    await using api = await startToolServer(() => {});
    callsThenAnswers(server, ["weather", { city: "X" }]);
    const { result, progress } = await askBot(server.bot(weather(api.url, { timeoutMs: 100 })), "go");
    expect(toolSummaries(progress)[0]).toMatch(/^failed: /);
    expect(result.replies).toEqual([{ content: "Done." }]);
  });

  it("are aborted with the turn", async () => {
    await using server = await startProvider();
    const abort = new AbortController();
    await using api = await startToolServer(() => abort.abort(new Error("cancelled")));
    callsThenAnswers(server, ["weather", { city: "X" }]);
    const asked = askBot(server.bot(weather(api.url)), "go", { signal: abort.signal });
    await expect(asked).rejects.toThrow("cancelled");
  });
});

describe("a model that misuses its tools", () => {
  it.each([
    ["update_participant_data", "{not json"],
    ["update_participant_data", { data: "no object" }],
    ["no_such_tool", {}],
  ])("by %s(%j) gets an error, and continues", async (name, input) => {
    await using server = await startProvider();
    callsThenAnswers(server, [name, input]);
    const { result, progress } = await askBot(server.bot({ tools: ["update_participant_data"] }), "go");
    expect(result).not.toHaveProperty("participantData");
    expect(result.replies).toEqual([{ content: "Done." }]);
    expect(toolSummaries(progress)[0]).toMatch(/^failed: /);
  });

  it("by never stopping is interrupted and fails with a reason", async () => {
    await using server = await startProvider();
    server.mock.onMessage("go", { toolCalls: [{ name: "read_participant_data", arguments: "{}" }] });
    const asked = askBot(server.bot({ tools: ["read_participant_data"], maxSteps: 3 }), "go");
    await expect(asked).rejects.toMatchObject({ code: "step_limit", retryable: false });
    expect(server.mock.getRequests().length).toBe(3);
  });

  it("by calling without end is asked to stop, and answers", async () => {
    await using server = await startProvider();
    const calls = Array.from({ length: 6 }, (): [string, unknown] => ["read_participant_data", {}]);
    callsThenAnswers(server, ...calls);
    const bot = server.bot({ tools: ["read_participant_data"], maxToolCalls: 4 });
    const { result, progress } = await askBot(bot, "go");
    const refused = toolSummaries(progress).filter((summary) => summary.startsWith("Not called"));
    expect(refused).toHaveLength(2);
    expect(result.replies).toEqual([{ content: "Done." }]);
  });

  it("by asking for too much in one turn gets only the beginning", async () => {
    await using server = await startProvider();
    const calls = Array.from({ length: 8 }, (): [string, unknown] => ["read_participant_data", {}]);
    callsThenAnswers(server, ...calls);
    await askBot(server.bot({ tools: ["read_participant_data"] }), "go", {
      participantData: { diary: "x".repeat(7_000) },
    });
    expect(toldToModel(server).length).toBeLessThan(43_000);
    expect(toldToModel(server)).toContain("cut off");
  });

  it("a model speaks before and after a call, and its reply equals the streamed text", async () => {
    await using server = await startProvider();
    server.mock.on({ userMessage: "go", hasToolResult: true }, { content: "It is gold." });
    const toolCalls = [{ name: "read_participant_data", arguments: "{}" }];
    server.mock.on({ userMessage: "go" }, { content: "Let me look.", toolCalls });
    const { result, progress } = await askBot(server.bot({ tools: ["read_participant_data"] }), "go");
    expect(result.replies).toEqual([{ content: "Let me look.\n\nIt is gold." }]);
    expect(streamedText(progress)).toBe("Let me look.\n\nIt is gold.");
  });
});

describe("tool settings", () => {
  const tool = { name: "t", description: "d", url: "https://example.org/{x}" };

  it.each([
    [[{ ...tool, url: "https://{host}/x" }]],
    [[{ ...tool, url: "https://example.org{x}/" }]],
    [[{ ...tool, url: "https://user:pass@example.org/" }]],
    [[{ ...tool, url: "file:///etc/passwd" }]],
    [[{ ...tool, name: "end_session" }]],
    [[tool, tool]],
    [["end_session", "end_session"]],
  ])("%j is refused", (tools) => {
    expect(toolsSchema.safeParse(tools).success).toBe(false);
  });

  it("a valid tool is accepted", () => {
    expect(toolsSchema.safeParse([tool, "end_session"]).success).toBe(true);
  });
});

describe("private addresses", () => {
  it.each([
    ...["127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"],
    ...[
      "224.0.0.1",
      "255.255.255.255",
      "::",
      "::1",
      "fe80::1",
      "fd00::1",
      "::ffff:10.0.0.1",
      "64:ff9b::7f00:1",
    ],
  ])("include %s", (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(["8.8.8.8", "172.32.0.1", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8"])(
    "do not include %s",
    (address) => {
      expect(isPrivateAddress(address)).toBe(false);
    },
  );
});
