import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { type Bot, defineBot } from "../../src/bots/bot.ts";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { createTestDatabase } from "../support/postgres.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { startGatedStory } from "./gated-story.ts";

const SOON = { timeoutMs: 30_000 };

/** A scripted bot that can also summarize. */
function createSummarizingBot() {
  const scripted = createScriptedBot();
  const { definition } = scripted;
  return {
    ...scripted,
    definition: defineBot({
      ...definition,
      create: (config, deps): Bot => ({
        ...definition.create(config, deps),
        summarize: async ({ messages }) => ({ content: `summary of ${messages.length}` }),
      }),
    }),
  };
}

const RULES = [
  { on: "session_started", do: [{ action: "send_message", prompt: "Greet." }] },
  { on: "user_joined", do: [{ action: "set_participant_data", data: { joined: true } }] },
  { on: "timeout", after: "1s", times: 2, do: [{ action: "send_message", prompt: "Nudge." }] },
  { on: "last_timeout", do: [{ action: "end_session" }] },
  { on: "session_ended.event", do: [{ action: "summarize" }] },
];

interface LogRow {
  event: string;
  status: string;
  reason: string | null;
}

const GATED = { gated: { kind: "gated", agent: "agent" } };

const LOG = "SELECT event, status, reason FROM event_log ORDER BY ordinal";

const startStory = (options: Parameters<typeof startGatedStory>[0] = {}) =>
  startGatedStory({ bot: createSummarizingBot(), agent: { events: RULES }, ...options });

type Story = Awaited<ReturnType<typeof startGatedStory>>;

const logOf = async (story: Story) =>
  (await story.rows<LogRow>(LOG)).map(({ event, status }) => [event, status]);

async function expectEnded(story: Story): Promise<void> {
  await eventually(async () => {
    const [session] = await story.rows("SELECT status, end_reason, summary FROM sessions");
    expect(session).toMatchObject({
      status: "completed",
      end_reason: "event",
      summary: expect.stringMatching(/^summary of/),
    });
  }, SOON);
  await eventually(async () =>
    expect(await logOf(story)).toEqual([
      ["user_joined", "completed"],
      ["session_started", "completed"],
      ["timeout", "completed"],
      ["timeout", "completed"],
      ["last_timeout", "completed"],
      ["session_ended.event", "completed"],
    ]),
  );
}

async function expectGreetedOnReturn(story: Story): Promise<void> {
  const before = story.texts("ada").length;
  await story.say("ada", "back again");
  await eventually(() =>
    expect(story.texts("ada").slice(before).sort()).toEqual(["re: Greet.", "re: back again"]),
  );
  const sessions = await story.rows(
    `SELECT s.status, s.summary, p.data FROM sessions s JOIN participant_data p ON p.user_id = s.user_id
     ORDER BY s.created_at DESC`,
  );
  expect(sessions).toMatchObject([
    { status: "active", summary: null, data: { joined: true } },
    { status: "completed", data: { joined: true } },
  ]);
}

describe("a silent participant", () => {
  it("gets two nudges, then the session ends with a summary, and a returning user is greeted again", async () => {
    await using story = await startStory();
    await story.say("ada", "hello");
    await expectEnded(story);
    expect(story.texts("ada").sort()).toEqual(["re: Greet.", "re: Nudge.", "re: Nudge.", "re: hello"]);
    await expectGreetedOnReturn(story);
  });

  it("gets the same nudges when the service stops and starts in between", async () => {
    await using database = await createTestDatabase();
    const channel = createGatedChannel();
    const first = await startStory({ database, channel });
    await first.say("ada", "hello");
    await first.channel.sending("re: Nudge.");
    await first[Symbol.asyncDispose]();
    await using second = await startStory({ database, channel });
    await expectEnded(second);
    // The session may end while the last nudge is still being sent.
    await eventually(() =>
      expect(second.texts("ada").sort()).toEqual(["re: Greet.", "re: Nudge.", "re: Nudge.", "re: hello"]),
    );
    await expectGreetedOnReturn(second);
  });

  it("gets no nudge after anybody writes, and the count starts again", async () => {
    const events = [
      {
        on: "timeout",
        after: "2s",
        times: 2,
        do: [{ action: "send_message", text: "Nudge.", buttons: [{ label: "I am here", payload: "here" }] }],
      },
      { on: "timeout", after: "5s", do: [{ action: "log" }] },
    ];
    await using story = await startStory({ agent: { events } });
    await story.say("ada", "one");
    const nudge = "Nudge.\n\n1. I am here";
    await story.channel.sending(nudge);
    await story.say("ada", "1");
    expect((await story.bot.asked("1")).turn.input).toMatchObject([{ payload: "here" }]);
    await story.channel.sending(nudge, 3);
    await eventually(async () => {
      const fired = await story.rows("SELECT rule, data FROM event_log ORDER BY ordinal");
      const of = (rule: number) => fired.filter((row) => row.rule === rule).map(({ data }) => data);
      expect(of(0)).toMatchObject([
        { count: 1, seq: 1 },
        { count: 1, seq: 4 },
        { count: 2, seq: 4 },
      ]);
      // The other rule has its own count.
      expect(of(1)).toMatchObject([{ count: 1, seq: 4 }]);
    });
    expect(await story.rows("SELECT 1 FROM event_timers")).toEqual([]);
  });
});

describe("a timeout", () => {
  const TIMERS = "SELECT rule, agent_version, armed_seq, due_at FROM event_timers";

  it("from the first message fires after that time, whatever is written meanwhile", async () => {
    const nudge = { do: [{ action: "send_message", text: "An hour has passed." }] };
    const events = [{ on: "timeout", after: "1h", from: "first_message", ...nudge }];
    await using story = await startStory({ agent: { events } });
    await story.say("ada", "one");
    await story.channel.sending("re: one");
    const wound = await story.rows(TIMERS);
    expect(wound).toMatchObject([{ armed_seq: 1 }]);
    await story.say("ada", "two");
    await story.channel.sending("re: two");
    expect(await story.rows(TIMERS)).toEqual(wound);
    const [left] = await story.rows(
      `SELECT t.due_at - m.created_at <= interval '1 hour 1 minute' AND t.due_at - m.created_at > interval '59 minutes'
       AS "isAnHour" FROM event_timers t, messages m WHERE m.content = 'one'`,
    );
    expect(left).toEqual({ isAnHour: true });
    await story.rows("UPDATE event_timers SET due_at = now()");
    await story.channel.sending("An hour has passed.");
    await story.say("ada", "three");
    await story.channel.sending("re: three");
    expect(await story.rows(TIMERS)).toEqual([]);
    expect(await logOf(story)).toEqual([["timeout", "completed"]]);
  });

  it("of a version published today does not apply to a silence that began earlier", async () => {
    const rule = (after: string) => ({ on: "timeout", after, do: [{ action: "log" }] });
    const agent = (after: string) => ({
      bot: { type: "scripted" },
      versioning: "latest",
      events: [rule(after)],
    });
    await using story = await startStory({ agent: agent("1h") });
    await story.say("ada", "one");
    await story.channel.sending("re: one");
    const before = await story.rows(TIMERS);
    expect(before).toMatchObject([{ agent_version: 1 }]);
    await story.app.configure({ agents: { agent: agent("1s") }, channels: GATED });
    await story.app.app.reload();
    // A new user is under the new rule from the first message on.
    await story.say("bob", "one");
    await eventually(async () => expect(await logOf(story)).toEqual([["timeout", "completed"]]));
    expect(await story.rows(TIMERS)).toEqual(before);
    // A silent user comes under it with the next message, in the same session.
    await story.say("ada", "two");
    await eventually(async () => expect(await logOf(story)).toHaveLength(2));
    const fired = await story.rows("SELECT agent_version FROM event_log");
    expect(fired).toEqual([{ agent_version: 2 }, { agent_version: 2 }]);
    expect(await story.rows(TIMERS)).toEqual([]);
  });
});

describe("quiet hours", () => {
  it("delay nudges and scheduled messages, and no session ends before its nudge", async () => {
    const clock = (ms: number) => new Date(Date.now() + ms).toISOString().slice(11, 16);
    const quietHours = { from: clock(-3_600_000), to: clock(7_200_000) };
    await using story = await startStory({ agent: { events: RULES.slice(2), quietHours } });
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    const scheduled = await story.app.api("POST", "/schedules", {
      agent_id: "agent",
      channel: "gated",
      identifier: "ada",
      message_text: "It is time.",
      at: new Date(Date.now() + 2_000).toISOString(),
    });
    await eventually(async () => {
      const log = await story.rows("SELECT event, status, reason FROM event_log ORDER BY ordinal");
      expect(log).toMatchObject([
        { event: "timeout", status: "pending", reason: expect.stringContaining("quiet hours") },
        { event: "timeout", status: "pending", reason: expect.stringContaining("quiet hours") },
        { event: "last_timeout", status: "pending", reason: null },
      ]);
      const { body } = await story.app.api("GET", `/schedules/${scheduled.body.id}`);
      expect(body.last_run).toMatchObject({
        status: "pending",
        reason: expect.stringContaining("quiet hours"),
      });
    });
    expect(story.texts("ada")).toEqual(["re: hello"]);
    expect(await story.rows("SELECT status FROM sessions")).toEqual([{ status: "active" }]);
  });
});

describe("event rules", () => {
  it("wait until the bot has written what an earlier action or rule requested", async () => {
    const bot = createScriptedBot(() => undefined);
    const events = [
      {
        on: "timeout",
        after: "1s",
        times: 1,
        do: [
          { action: "send_message", prompt: "Nudge." },
          { action: "set_participant_data", data: { nudged: true } },
          { action: "send_message", text: "Second action." },
          { action: "send_message", prompt: "Say who comes." },
        ],
      },
      { on: "last_timeout", do: [{ action: "handoff" }] },
    ];
    await using story = await startGatedStory({ bot, agent: { events } });
    await story.say("ada", "hello");
    await eventually(() => expect(bot.calls).toHaveLength(1));
    bot.calls[0]?.reply("Hello Ada.");
    // The bot is writing the nudge, so no later text may be sent yet.
    await eventually(() => expect(bot.calls).toHaveLength(2), SOON);
    await eventually(async () => {
      const rows = await story.rows<LogRow>(LOG);
      expect(rows.map(({ reason }) => reason)).toContain(
        "waits for a message that an earlier action asked for",
      );
    }, SOON);
    expect(story.texts("ada")).toEqual(["Hello Ada."]);
    expect(await story.rows("SELECT data FROM participant_data")).toEqual([]);
    bot.calls[1]?.reply("Are you still there?");
    await eventually(() => expect(bot.calls).toHaveLength(3), SOON);
    expect(await story.rows("SELECT data FROM participant_data")).toEqual([{ data: { nudged: true } }]);
    // A handoff cancels the bot's turn, so it waits too.
    await eventually(async () => {
      const rows = await story.rows<LogRow>(LOG);
      expect(rows.at(-1)?.reason).toBe("waits for a message that an earlier action asked for");
    }, SOON);
    bot.calls[2]?.reply("A colleague comes.");
    await eventually(
      async () => expect(await story.rows("SELECT state FROM handoffs")).toHaveLength(1),
      SOON,
    );
    await eventually(() =>
      expect(story.texts("ada").slice(0, 4)).toEqual([
        "Hello Ada.",
        "Are you still there?",
        "Second action.",
        "A colleague comes.",
      ]),
    );
  });

  it("run once per session end, even with parallel calls, and not after a silent end", async () => {
    const events = [{ on: "session_ended", do: [{ action: "log" }] }];
    await using story = await startStory({
      agent: { events },
      channels: { api: { kind: "api", agent: "agent" } },
    });
    const open = async () => (await story.app.api("POST", "/chat/sessions", { agent_id: "agent" })).body.id;
    const [loud, silent] = [await open(), await open()];
    const calls = [loud, loud, loud, silent, silent].map((id) =>
      story.app.api("POST", `/chat/sessions/${id}/reset`, { trigger_events: id === loud }),
    );
    const answers = (await Promise.all(calls)).map(({ status }) => status).sort();
    expect(answers).toEqual([201, 201, 409, 409, 409]);
    await eventually(async () =>
      expect(await story.rows("SELECT session_id, status FROM event_log")).toEqual([
        { session_id: loud, status: "completed" },
      ]),
    );
    expect(
      await story.rows("SELECT status, count(*)::int AS count FROM sessions GROUP BY 1 ORDER BY 1"),
    ).toEqual([
      { status: "active", count: 2 },
      { status: "completed", count: 2 },
    ]);
  });

  it("run only if their condition holds, and not for messages that rules cause", async () => {
    const events = [
      { on: "user_message", when: { channel: "gated" }, do: [{ action: "send_message", prompt: "Echo." }] },
      { on: "user_message", when: { channel: ["other"] }, do: [{ action: "log" }] },
      { on: "user_message", when: { participantData: { plan: "b" } }, do: [{ action: "log" }] },
      { on: "bot_message", do: [{ action: "set_participant_data", data: { plan: "b" } }] },
    ];
    await using story = await startStory({ agent: { events } });
    await story.say("ada", "one");
    await story.channel.sending("re: Echo.");
    await eventually(async () =>
      expect(await story.rows("SELECT data FROM participant_data")).toEqual([{ data: { plan: "b" } }]),
    );
    await story.say("ada", "two");
    await story.channel.sending("re: Echo.", 2);
    await eventually(async () => {
      const fired = await story.rows(
        "SELECT rule FROM event_log WHERE status = 'completed' ORDER BY ordinal",
      );
      expect(fired.map((row) => row.rule).sort()).toEqual([0, 0, 2, 3, 3]);
    });
  });

  it("receive failed deliveries with the platform's error", async () => {
    const events = [{ on: "delivery_failed", do: [{ action: "log" }] }];
    const channel = createGatedChannel((send) =>
      send.settle({ kind: "failed", code: "blocked", reason: "blocked by the user", scope: "conversation" }),
    );
    await using story = await startStory({ agent: { events }, channel });
    await story.say("ada", "hello");
    await eventually(async () =>
      expect(await story.rows("SELECT event, status, data FROM event_log")).toMatchObject([
        { event: "delivery_failed", status: "completed", data: { error_code: "blocked" } },
      ]),
    );
  });

  it("call a webhook, signed and with the same id, until it accepts the event", async () => {
    await using server = await startReceiver([500, 204]);
    const url = server.url.replace("//", "//user:basicpw123@");
    const events = [
      {
        on: "user_message",
        do: [{ action: "webhook", url, secret: "a secret of the test" }],
      },
      {
        on: "user_message",
        attempts: 1,
        do: [{ action: "webhook", url: server.url, allowPrivateAddresses: false }],
      },
    ];
    await using story = await startStory({ agent: { events } });
    await story.say("ada", "hello");
    await eventually(async () =>
      expect(
        await story.rows("SELECT rule, status, attempts, reason, results FROM event_log ORDER BY rule"),
      ).toEqual([
        {
          rule: 0,
          status: "completed",
          attempts: 2,
          reason: null,
          results: [{ action: "webhook", status: 204 }],
        },
        {
          rule: 1,
          status: "failed",
          attempts: 1,
          reason: expect.stringContaining("private address"),
          results: [],
        },
      ]),
    );
    const [first, second] = server.requests;
    expect(server.requests.length).toBe(2);
    expect(first?.headers.authorization).toBe(`Basic ${Buffer.from("user:basicpw123").toString("base64")}`);
    expect(second?.headers["x-causeway-delivery-id"]).toBe(first?.headers["x-causeway-delivery-id"]);
    expect(JSON.parse(first?.body ?? "")).toMatchObject({
      event: "user_message",
      user: { identifier: "ada" },
    });
    const [, seconds, digest] =
      /^t=(\d+),v1=([0-9a-f]+)$/.exec(String(first?.headers["x-causeway-signature"])) ?? [];
    const expected = createHmac("sha256", "a secret of the test")
      .update(`${seconds}.${first?.body}`)
      .digest("hex");
    expect(digest).toBe(expected);

    const { body: failed } = await story.app.api("GET", "/failures");
    expect(failed.data).toMatchObject([
      {
        kind: "event",
        what: "user_message",
        reason: expect.stringContaining("private address"),
        attempts: 1,
      },
    ]);
    expect((await story.app.api("POST", `/failures/${failed.data[0].id}/retry`)).status).toBe(204);
    await eventually(async () =>
      expect(await story.rows("SELECT status, attempts FROM event_log ORDER BY rule")).toEqual([
        { status: "completed", attempts: 2 },
        { status: "failed", attempts: 2 },
      ]),
    );
  });

  it("are deleted from the log when old, unless deletion would make them run again", async () => {
    const log = { do: [{ action: "log" }] };
    const events = ["user_joined", "user_message", "delivery_failed"].map((on) => ({ on, ...log }));
    const channel = createGatedChannel((send, nth) =>
      send.settle(
        nth === 1
          ? { kind: "failed", code: "gone", reason: "gone", scope: "conversation" }
          : { kind: "sent", externalIds: ["again"] },
      ),
    );
    await using database = await createTestDatabase();
    const first = await startStory({ agent: { events }, channel, database });
    await first.say("ada", "hello");
    const kept = async (story: Story) => (await logOf(story)).map(([event]) => event);
    await eventually(async () => {
      expect(await first.rows("SELECT 1 FROM event_log WHERE status = 'completed'")).toHaveLength(3);
    });
    await first.rows("UPDATE event_log SET ended_at = now() - interval '91 days'");
    await first[Symbol.asyncDispose]();

    const second = await startStory({ agent: { events }, channel, database });
    await eventually(async () => expect(await kept(second)).toEqual(["user_joined", "delivery_failed"]));
    const { body } = await second.app.api("GET", "/deliveries?status=failed");
    await second.app.api("POST", `/deliveries/${body.data[0].id}/retry`);
    await eventually(async () =>
      expect(await second.rows("SELECT status FROM deliveries")).toEqual([{ status: "sent" }]),
    );
    await second[Symbol.asyncDispose]();

    await using third = await startStory({ agent: { events }, channel, database });
    await eventually(async () => expect(await kept(third)).toEqual(["user_joined"]));
  });

  it("are not needed for a bot to schedule its own messages", async () => {
    const bot = createScriptedBot((call) =>
      call.reply({
        replies: [{ content: `re: ${call.texts.join()}` }],
        ...(call.texts[0] === "remind me"
          ? { later: [{ at: new Date(Date.now() + 2_000), message: { prompt: "Remind." } }] }
          : {}),
      }),
    );
    await using story = await startStory({ bot, agent: {} });
    await story.say("ada", "remind me");
    await story.channel.sending("re: Remind.");
    await eventually(async () => {
      const { body } = await story.app.api("GET", "/schedules");
      expect(body.data).toMatchObject([
        { prompt_text: "Remind.", status: "completed", last_run: { status: "delivered" } },
      ]);
    });
  });

  it("are not needed for a bot to cancel its own scheduled messages, and only those", async () => {
    let operators = "";
    const bot = createScriptedBot(async (call) => {
      const coming = await call.turn.coming();
      const ids = [...coming.map(({ id }) => id), operators];
      const later = { at: new Date(Date.now() + 3_600_000), name: "Stretch", message: { prompt: "Remind." } };
      call.reply({
        replies: [{ content: `${coming.length} to come` }],
        ...(call.texts[0] === "remind me"
          ? { later: [later] }
          : { laterChanges: ids.map((id) => ({ id, kind: "cancel" as const })) }),
      });
    });
    await using story = await startStory({ bot, agent: {} });
    const ada = { agent_id: "agent", channel: "gated", identifier: "ada" };
    const put = await story.app.api("POST", "/schedules", { ...ada, message_text: "Ours.", every: "1d" });
    operators = put.body.id;
    await story.say("ada", "remind me");
    await story.channel.sending("0 to come");
    await story.say("ada", "forget it");
    await story.channel.sending("1 to come");
    await eventually(async () => {
      const { body } = await story.app.api("GET", "/schedules");
      expect(body.data).toMatchObject([
        { name: "Stretch", made_by: "bot", status: "cancelled" },
        { message_text: "Ours.", made_by: "operator", status: "active" },
      ]);
    });
  });

  it("can schedule a message", async () => {
    const events = [
      { on: "session_ended.user_reset", do: [{ action: "schedule_message", after: "1s", text: "See you." }] },
    ];
    await using story = await startStory({ agent: { events } });
    await story.say("ada", "hello");
    await story.say("ada", "/reset");
    await story.channel.sending("See you.");
    const sessions = await story.rows("SELECT status FROM sessions ORDER BY status");
    expect(sessions).toEqual([{ status: "active" }, { status: "completed" }]);
  });
});

interface Received {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A server that answers its requests with these statuses, in order. */
async function startReceiver(statuses: number[]) {
  const requests: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    requests.push({ headers: request.headers, body });
    response.writeHead(statuses[requests.length - 1] ?? 500).end();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : null;
  return {
    url: `http://127.0.0.1:${port}/events`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
