import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createGatedChannel } from "../support/gated-channel.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { type GatedStory, startGatedStory } from "./gated-story.ts";

const TEXTS = {
  requested: "I am getting a person.",
  taken: "{name} is here.",
  back: "The assistant is back.",
};

/** Answers at once, except texts that begin with "wait", which the test answers. */
const patientBot = () =>
  createScriptedBot((call) => {
    if (!call.texts.join().startsWith("wait")) call.reply(`re: ${call.texts.join(" + ")}`);
  });

async function sessionOf(story: GatedStory, address = "ada"): Promise<string> {
  const [row] = await story.rows<{ id: string }>(
    "SELECT id FROM sessions WHERE address = $1 AND status = 'active'",
    [address],
  );
  return row?.id ?? "";
}

async function handoff(story: GatedStory, body: object = {}, act = "", address = "ada") {
  const id = await sessionOf(story, address);
  return story.app.api("POST", `/chat/sessions/${id}/handoff${act}`, body);
}

const messagesOf = async (story: GatedStory, include = "") =>
  (await story.app.api("GET", `/chat/sessions/${await sessionOf(story)}/messages?limit=100${include}`)).body
    .data;

describe("the start of a handoff", () => {
  it("cancels the running turn without a reply, and stores later messages without a turn", async () => {
    await using story = await startGatedStory({ bot: patientBot() });
    await story.say("ada", "wait for it");
    const call = await story.bot.asked("wait for it");
    const asked = await handoff(story, { reason: "refund" });
    expect([asked.status, asked.body]).toMatchObject([
      201,
      { state: "requested", reason: "refund", desk: null, holder: null, source: "api" },
    ]);
    call.reply("too late");
    await story.say("ada", "is anybody there?");
    await story.say("ada", "hello?");
    const { body } = await story.app.api("GET", `/executions?session_id=${await sessionOf(story)}`);
    expect(body.data).toMatchObject([
      { status: "cancelled", error: { code: "handoff" }, error_code: "handoff" },
    ]);
    expect(await messagesOf(story)).toMatchObject([
      { content: "wait for it" },
      { content: "is anybody there?", execution_id: null },
      { content: "hello?", execution_id: null },
    ]);
    await handoff(story, { content: "I am." }, "/reply");
    await story.channel.sending("I am.");
    expect(story.texts("ada")).toEqual(["I am."]);
    expect(story.bot.calls).toHaveLength(1);
    expect(call.signal.aborted).toBe(true);
  });

  it("does not stop a reply that was committed earlier", async () => {
    await using story = await startGatedStory({ channel: createGatedChannel(() => undefined) });
    await story.say("ada", "hello");
    const send = await story.channel.sending("re: hello");
    await handoff(story);
    send.settle({ kind: "sent", externalIds: ["1"] });
    await eventually(async () =>
      expect(await story.rows("SELECT status FROM deliveries")).toEqual([{ status: "sent" }]),
    );
  });

  it("changes the handoff and the lease token only together", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    await handoff(story);
    const id = await sessionOf(story);
    await expect(story.rows("UPDATE sessions SET handoff_id = NULL WHERE id = $1", [id])).rejects.toThrow(
      "only together with its lease token",
    );
    await expect(
      story.rows(
        `INSERT INTO handoffs (id, workspace_id, session_id, source, from_seq)
         SELECT 'another', workspace_id, id, 'api', 1 FROM sessions WHERE id = $1`,
        [id],
      ),
    ).rejects.toThrow("handoffs_open");
  });

  it("creates one handoff for parallel requests", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    const answers = await Promise.all([1, 2, 3, 4].map(() => handoff(story)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 201]);
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  });
});

describe("a person who answers", () => {
  it("takes over, is marked as a person, and leaves the whole conversation to the bot", async () => {
    await using story = await startGatedStory({ agent: { handoff: { texts: TEXTS } } });
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    await handoff(story, { reason: "refund" });
    const taken = await handoff(story, { name: "Anna" }, "/take");
    expect([taken.status, taken.body]).toMatchObject([
      200,
      { state: "taken", holder: { name: "Anna", via: "api" } },
    ]);
    const other = await handoff(story, { name: "Ben" }, "/take");
    expect([other.status, other.body.error]).toMatchObject([
      409,
      { code: "handoff_taken", details: { holder: { name: "Anna", via: "api" } } },
    ]);
    expect(other.body.error.message).toContain("Anna");
    await story.say("ada", "where is my money?");
    const reply = await handoff(story, { content: "On its way.", buttons: [{ label: "Thanks" }] }, "/reply");
    expect([reply.status, reply.body]).toMatchObject([
      201,
      {
        role: "assistant",
        origin: "operator",
        content: "On its way.",
        author: { name: "Anna", via: "api" },
        buttons: [{ label: "Thanks", payload: "Thanks" }],
      },
    ]);
    const session = await story.app.api("GET", `/chat/sessions/${await sessionOf(story)}`);
    expect(session.body.handoff).toMatchObject({
      state: "taken",
      reason: "refund",
      desk: null,
      holder: { name: "Anna", via: "api" },
      idle_at: expect.any(String),
    });
    const released = await handoff(story, {}, "/release");
    expect([released.status, released.body]).toMatchObject([
      200,
      { state: "released", reason: "released", request_reason: "refund", holder: { name: "Anna" } },
    ]);
    await story.say("ada", "thank you");
    await story.channel.sending("re: thank you");
    expect(story.texts("ada")).toEqual([
      "re: hello",
      "I am getting a person.",
      "Anna is here.",
      "On its way.\n\n1. Thanks",
      "The assistant is back.",
      "re: thank you",
    ]);
    const history = await story.bot.calls.at(-1)?.turn.history();
    expect(history?.map(({ role, content }) => [role, content.split("\n")[0]])).toEqual([
      ["user", "hello"],
      ["assistant", "re: hello"],
      ["user", "where is my money?"],
      ["assistant", "On its way."],
    ]);
  });

  it("takes an open handoff by replying, under the key's name, and cannot reply without one", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    for (const [act, body] of [
      ["/reply", { content: "Hi." }],
      ["/take", {}],
      ["/release", {}],
    ] as const) {
      const refused = await handoff(story, body, act);
      expect([refused.status, refused.body.error.code]).toEqual([409, "no_handoff"]);
    }
    await handoff(story);
    expect((await handoff(story, { content: "  " }, "/reply")).status).toBe(422);
    expect((await handoff(story, { desk: "nowhere" })).body.error.code).toBe("unknown_desk");
    const reply = await handoff(story, { content: "Hi." }, "/reply");
    expect(reply.body.author).toEqual({ name: "operator", via: "api" });
    const { body: key } = await story.app.api("POST", "/api_keys", {
      name: "second desk",
      scopes: ["handoff:write"],
    });
    const stranger = { authorization: `Bearer ${key.secret}` };
    const path = `/chat/sessions/${await sessionOf(story)}/handoff`;
    for (const [act, body] of [
      ["/reply", { content: "Me too." }],
      ["/release", {}],
      ["/take", {}],
    ] as const) {
      const refused = await story.app.api("POST", `${path}${act}`, body, stranger);
      expect([refused.status, refused.body.error]).toMatchObject([
        409,
        { code: "handoff_taken", details: { holder: { name: "operator" } } },
      ]);
    }
    const forced = await story.app.api("POST", `${path}/take`, { force: true }, stranger);
    expect(forced.body.holder).toEqual({ name: "second desk", via: "api" });
    expect((await story.app.api("GET", "/handoffs", undefined, stranger)).status).toBe(403);
  });

  it("sends uploaded files, each once", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    await handoff(story);
    const id = await sessionOf(story);
    const upload = await fetch(`${story.app.url}/api/v1/chat/sessions/${id}/attachments?name=bill.txt`, {
      method: "POST",
      headers: { authorization: `Bearer ${story.app.apiKey}`, "content-type": "text/plain" },
      body: "one euro",
    });
    const file = (await upload.json()) as { id: string };
    const reply = { content: "Here it is.", attachment_ids: [file.id] };
    const sent = await handoff(story, reply, "/reply");
    expect(sent.body.attachments).toMatchObject([{ id: file.id, state: "stored" }]);
    const part = await eventually(() => {
      const found = story.channel.sends.find((send) => send.part.file !== undefined)?.part;
      if (!found?.file) throw new Error("no file was sent");
      return found.file;
    });
    // The port is chosen at the start, so the public URL does not contain it.
    const { pathname, search } = new URL(part.url);
    expect(await (await fetch(`${story.app.url}${pathname}${search}`)).text()).toBe("one euro");
    expect(story.texts("ada").slice(0, 2)).toEqual(["re: hello", "Here it is."]);
    expect((await handoff(story, reply, "/reply")).body.error.code).toBe("attachment_already_sent");
  });

  it("appears in the lists by state, agent and channel", async () => {
    await using story = await startGatedStory();
    for (const chat of ["ada", "bob"]) {
      await story.say(chat, "hello");
      await eventually(() => expect(story.texts(chat)).toHaveLength(1));
    }
    const { body: open } = await handoff(story);
    const count = async (query: string) => (await story.app.api("GET", query)).body.meta.total;
    expect(await count("/handoffs?state=requested&agent_id=agent&channel=gated")).toBe(1);
    expect(await count("/handoffs?state=taken")).toBe(0);
    expect(await count("/handoffs?desk=support")).toBe(0);
    expect(await count("/chat/sessions?handoff=open")).toBe(1);
    expect(await count("/chat/sessions?handoff=requested")).toBe(1);
    expect(await count("/chat/sessions?handoff=none")).toBe(1);
    expect((await story.app.api("GET", `/handoffs/${open.id}`)).body).toMatchObject({ id: open.id });
    expect((await story.app.api("GET", "/handoffs/none")).body.error.code).toBe("handoff_not_found");
  });
});

describe("the release", () => {
  it("lets the bot answer messages after the person's last reply only if the caller asks for that", async () => {
    await using story = await startGatedStory({ bot: patientBot() });
    await story.say("ada", "wait for it");
    await story.bot.asked("wait for it");
    await handoff(story);
    await handoff(story, { content: "Yes?" }, "/reply");
    await story.say("ada", "first");
    await story.say("ada", "second");
    await handoff(story, { resume: "now", text: "Bye." }, "/release");
    await eventually(() => expect(story.texts("ada")).toEqual(["Yes?", "Bye.", "re: first", "re: second"]));
    const history = await story.bot.calls.at(-1)?.turn.history();
    expect(history?.map(({ content }) => content)).toEqual(["wait for it", "Yes?", "first", "re: first"]);
  });

  it("lets the bot answer the message whose turn the handoff cancelled, if no person answered", async () => {
    await using story = await startGatedStory({ bot: patientBot() });
    await story.say("ada", "wait for it");
    await story.bot.asked("wait for it");
    await handoff(story);
    await handoff(story, { resume: "now" }, "/release");
    (await story.bot.asked("wait for it", 2)).reply("here it is");
    await story.channel.sending("here it is");
    expect(story.texts("ada")).toEqual(["here it is"]);
  });

  it("can give the bot an instruction", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    await handoff(story);
    await story.say("ada", "not answered");
    await handoff(story, { prompt: "Say goodbye." }, "/release");
    await story.channel.sending("re: Say goodbye.");
    expect(story.bot.calls.at(-1)?.turn.input).toMatchObject([{ instruction: true }]);
    expect(story.texts("ada")).toEqual(["re: hello", "re: Say goodbye."]);
  });

  it("happens when the session ends, and a reset answers the messages behind it", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    const { body: open } = await handoff(story);
    await story.sayTogether([
      { chat: "ada", text: "before", key: "a" },
      { chat: "ada", text: "/reset", key: "b" },
      { chat: "ada", text: "behind", key: "c" },
    ]);
    await story.channel.sending("re: behind");
    expect(story.texts("ada")).toEqual(["re: hello", "Conversation reset.", "re: behind"]);
    expect((await story.app.api("GET", `/handoffs/${open.id}`)).body).toMatchObject({
      state: "released",
      reason: "session_ended",
    });
    await handoff(story);
    await story.app.api("POST", `/chat/sessions/${await sessionOf(story)}/end`, {});
    expect(await story.rows("SELECT DISTINCT release_reason FROM handoffs")).toEqual([
      { release_reason: "session_ended" },
    ]);
  });
});

describe("a handoff is requested", () => {
  const WORDS = { handoff: { userWords: ["/human", "Talk to a person"], texts: TEXTS } };

  it("by a complete message of the user, at once, while the bot still answers another one", async () => {
    await using story = await startGatedStory({ bot: patientBot(), agent: WORDS });
    await story.say("ada", "I want to /human");
    await story.channel.sending("re: I want to /human");
    await story.say("ada", "wait for it");
    await story.bot.asked("wait for it");
    await story.say("ada", "  TALK to a person ");
    await story.channel.sending("I am getting a person.");
    expect((await story.app.api("GET", "/handoffs")).body.data).toMatchObject([
      { state: "requested", source: "user" },
    ]);
    // The bot must not answer the request's own words afterwards.
    await handoff(story, { resume: "now" }, "/release");
    (await story.bot.asked("wait for it", 2)).reply("here");
    await story.channel.sending("here");
    await story.say("ada", "/human");
    await story.channel.sending("I am getting a person.", 2);
    expect(story.bot.calls.map(({ texts }) => texts.join())).toEqual([
      "I want to /human",
      "wait for it",
      "wait for it",
    ]);
  });

  it("by the bot, whose own text precedes the agent's text", async () => {
    const bot = createScriptedBot((call) =>
      call.reply({ replies: [{ content: "Let me ask." }], handoff: { reason: "refund" } }),
    );
    await using story = await startGatedStory({ bot, agent: WORDS });
    await story.say("ada", "I want my money");
    await story.channel.sending("I am getting a person.");
    await story.say("ada", "still there?");
    expect(story.texts("ada")).toEqual(["Let me ask.", "I am getting a person."]);
    expect((await story.app.api("GET", "/handoffs")).body.data).toMatchObject([
      { state: "requested", source: "bot", reason: "refund" },
    ]);
    expect(story.bot.calls).toHaveLength(1);
  });

  it("by the last failed attempt, instead of the apology", async () => {
    const bot = createScriptedBot((call) => call.fail(new Error("no model")));
    await using story = await startGatedStory({
      bot,
      agent: {
        handoff: { onFailure: true, texts: TEXTS },
        turns: { attempts: 2, backoffMs: 1, apology: "Sorry." },
      },
    });
    await story.say("ada", "hello");
    await story.channel.sending("I am getting a person.");
    expect(story.texts("ada")).toEqual(["I am getting a person."]);
    const { body } = await story.app.api("GET", `/executions?session_id=${await sessionOf(story)}`);
    expect(body.data).toMatchObject([{ status: "failed", attempts: 2 }]);
    expect((await story.app.api("GET", "/handoffs")).body.data).toMatchObject([{ source: "failure" }]);
  });

  it("by a rule, and rules run at each stage of a handoff", async () => {
    const log = { do: [{ action: "log" }] };
    await using story = await startGatedStory({
      agent: {
        events: [
          {
            on: "user_message",
            when: { channel: "gated" },
            do: [{ action: "handoff", reason: "by a rule" }],
          },
          { on: "handoff_requested", ...log },
          { on: "handoff_taken", ...log },
          { on: "handoff_released", ...log },
        ],
      },
    });
    await story.say("ada", "hello");
    await eventually(async () =>
      expect((await story.app.api("GET", "/handoffs")).body.data).toMatchObject([
        { source: "event", reason: "by a rule" },
      ]),
    );
    await handoff(story, { content: "Hi." }, "/reply");
    await handoff(story, {}, "/release");
    const path = `/chat/sessions/${await sessionOf(story)}/events`;
    await eventually(async () => {
      const { body } = await story.app.api("GET", path);
      expect(body.data.map(({ event, status }: Record<string, string>) => [event, status])).toEqual([
        ["user_message", "completed"],
        ["handoff_requested", "completed"],
        ["handoff_taken", "completed"],
        ["handoff_released", "completed"],
      ]);
      expect(body.data.at(-1).data).toMatchObject({ reason: "released", holder: { name: "operator" } });
    });
  });
});

describe("during a handoff", () => {
  it("the bot sends no unprompted message, but an operator's text is sent", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    await handoff(story);
    const who = { agent_id: "agent", channel: "gated", identifier: "ada" };
    const refused = await story.app.api("POST", "/trigger_bot_message", { ...who, prompt_text: "Greet." });
    expect([refused.status, refused.body.error.code]).toEqual([409, "handoff_open"]);
    await story.app.api("POST", "/trigger_bot_message", { ...who, message_text: "We close at six." });
    await story.channel.sending("We close at six.");
    expect(story.bot.calls).toHaveLength(1);
  });

  it("the conversation returns to the bot when people stay silent", async () => {
    await using story = await startGatedStory({ agent: { handoff: { idleMinutes: 5, texts: TEXTS } } });
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    const { body: open } = await handoff(story);
    await handoff(story, { content: "Hi." }, "/reply");
    await story.rows("UPDATE handoffs SET idle_at = now()");
    await story.channel.sending("The assistant is back.");
    expect((await story.app.api("GET", `/handoffs/${open.id}`)).body).toMatchObject({
      state: "released",
      reason: "idle",
      idle_at: null,
    });
    await story.say("ada", "bot?");
    await story.channel.sending("re: bot?");
  });

  it("the trail of a message shows who answers it, and metrics count handoffs", async () => {
    await using story = await startGatedStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    await handoff(story);
    const metrics = async () => (await fetch(`${story.app.url}/metrics`)).text();
    expect(await metrics()).toContain('causeway_handoffs{state="requested"} 1');
    expect(await metrics()).toMatch(/causeway_oldest_waiting_seconds\{of="handoff"\} 0\.\d*[1-9]/);
    await story.say("ada", "my money?");
    const [message] = (await messagesOf(story)).slice(-1);
    const trail = async () => (await story.app.api("GET", `/messages/${message.id}/trail`)).body;
    expect((await trail()).summary).toMatch(/^A person was asked for at 20.*nobody has taken over\.$/);
    await handoff(story, { name: "Anna" }, "/take");
    expect((await trail()).summary).toMatch(/^A person answers: Anna \(api\), since 20/);
    // Requests within a quarter of a second share one check.
    await eventually(async () => expect(await metrics()).toContain('causeway_handoffs{state="taken"} 1'));
    const said = await handoff(story, { content: "Here." }, "/reply");
    expect((await story.app.api("GET", `/messages/${said.body.id}/trail`)).body.facts[0].what).toContain(
      "Anna",
    );
  });
});

describe("an API message during a handoff", () => {
  it("is stored, and the response says that no reply comes", async () => {
    await using story = await startGatedStory({ channels: { api: { kind: "api", agent: "agent" } } });
    const { body: session } = await story.app.api("POST", "/chat/sessions", { agent_id: "agent" });
    const path = `/chat/sessions/${session.id}`;
    await story.app.api("POST", `${path}/handoff`, {});
    const sent = await story.app.api("POST", `${path}/messages`, { content: "hello" });
    expect([sent.status, sent.body]).toMatchObject([
      201,
      {
        id: null,
        content: "",
        execution_id: null,
        user_message_id: expect.any(String),
        handoff: { state: "requested", holder: null },
      },
    ]);
    const stream = await fetch(`${story.app.url}/api/v1${path}/messages/stream`, {
      method: "POST",
      headers: { authorization: `Bearer ${story.app.apiKey}`, "content-type": "application/json" },
      body: JSON.stringify({ content: "again" }),
    });
    expect(await stream.text()).toMatch(/event: execution[\s\S]*event: done\n.*"handoff":\{/);
    const first = await story.app.api(
      "POST",
      `${path}/messages`,
      { content: "hello" },
      {
        "idempotency-key": "one",
      },
    );
    const repeated = await story.app.api(
      "POST",
      `${path}/messages`,
      { content: "hello" },
      {
        "idempotency-key": "one",
      },
    );
    expect(repeated.body.user_message_id).toBe(first.body.user_message_id);
    expect(story.bot.calls).toEqual([]);
  });
});
