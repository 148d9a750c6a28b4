import { describe, expect, it } from "vitest";
import { startGatedStory } from "../stories/gated-story.ts";
import { eventually } from "../support/eventually.ts";

const PATH = "/trigger_bot_message";
const RULES = [{ on: "session_ended.new_session", do: [{ action: "log" }] }];

const openStory = () =>
  startGatedStory({
    agent: { events: RULES },
    channels: {
      gated: { kind: "gated", agent: "agent" },
      api: { kind: "api", agent: "agent" },
      web: { kind: "web", agent: "agent", allowedOrigins: [] },
    },
  });

const ada = { agent_id: "agent", channel: "gated", identifier: "ada" };

describe("the trigger", () => {
  it("sends literal text unchanged to a user who is new", async () => {
    await using story = await openStory();
    const { status, body } = await story.app.api("POST", PATH, {
      ...ada,
      message_text: "Your results are in.",
      // Programs write null for a field that has no value.
      prompt_text: null,
      format: null,
      buttons: null,
      start_new_session: null,
      session_data: { campaign: { name: "results" } },
      participant_data: { consent: true },
    });
    expect([status, body]).toEqual([
      202,
      { session_id: expect.any(String), delivery_ids: [expect.any(String)] },
    ]);
    await eventually(() => expect(story.texts("ada")).toEqual(["Your results are in."]));
    expect(story.bot.calls).toEqual([]);
    const session = await story.app.api("GET", `/chat/sessions/${body.session_id}`);
    expect(session.body).toMatchObject({
      metadata: { campaign: { name: "results" } },
      participant_data: { consent: true },
    });
    await eventually(async () => {
      const delivery = await story.app.api("GET", `/deliveries/${body.delivery_ids[0]}`);
      expect(delivery.body).toMatchObject({ status: "sent", session_id: body.session_id });
    });
    await story.say("ada", "thank you");
    await eventually(() => expect(story.texts("ada")).toEqual(["Your results are in.", "re: thank you"]));
    expect(await story.rows("SELECT count(*)::int AS count FROM sessions")).toEqual([{ count: 1 }]);
  });

  it("keeps Markdown characters in a literal text, unless the call says it is Markdown", async () => {
    await using story = await openStory();
    for (const said of [
      { message_text: "# 5 is _your_ number" },
      { message_text: "# Heading", format: "markdown" },
      { channel: "web", message_text: "*as* it is", format: "text" },
    ])
      expect((await story.app.api("POST", PATH, { ...ada, ...said })).status).toBe(202);
    const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions WHERE address = 'ada'");
    const reset = { text: "_A_ new\nstart" };
    expect((await story.app.api("POST", `/chat/sessions/${session?.id}/reset`, reset)).status).toBe(201);
    expect(await story.rows("SELECT content, format FROM deliveries ORDER BY ordinal")).toEqual([
      { content: "# 5 is _your_ number", format: "text" },
      { content: "# Heading", format: null },
      { content: "*as* it is", format: "text" },
      { content: "_A_ new\nstart", format: "text" },
    ]);
    expect((await story.app.api("POST", PATH, { ...ada, prompt_text: "a", format: "text" })).status).toBe(
      422,
    );
  });

  it("gives a prompt to the session's own agent, in the user's open session", async () => {
    await using story = await openStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    const { status, body } = await story.app.api("POST", PATH, { ...ada, prompt_text: "Ask about sleep." });
    expect([status, body]).toEqual([
      202,
      { session_id: expect.any(String), execution_id: expect.any(String) },
    ]);
    await story.channel.sending("re: Ask about sleep.");
    expect(story.bot.calls.at(-1)?.turn.input).toMatchObject([{ instruction: true }]);
    await eventually(async () => {
      const execution = await story.app.api("GET", `/executions/${body.execution_id}`);
      expect(execution.body).toMatchObject({ status: "completed" });
    });
    expect(await story.rows("SELECT id FROM sessions")).toEqual([{ id: body.session_id }]);
  });

  it("ends the session and starts a new one on request, and the event rules for that end run", async () => {
    await using story = await openStory();
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    await story.app.api("POST", PATH, { ...ada, message_text: "Hi.", session_data: { campaign: "one" } });
    const { body } = await story.app.api("POST", PATH, {
      ...ada,
      message_text: "A new start.",
      start_new_session: true,
      session_data: { step: 1 },
    });
    await story.channel.sending("A new start.");
    // Session data belongs to that session only.
    const started = await story.app.api("GET", `/chat/sessions/${body.session_id}`);
    expect(started.body).toMatchObject({ external_id: "ada" });
    expect(started.body.metadata).toEqual({ step: 1 });
    const sessions = await story.rows("SELECT id, status, end_reason FROM sessions ORDER BY status");
    expect(sessions).toEqual([
      { id: body.session_id, status: "active", end_reason: null },
      { id: expect.any(String), status: "completed", end_reason: "new_session" },
    ]);
    await eventually(async () => {
      const log = await story.app.api("GET", `/chat/sessions/${sessions[1]?.["id"]}/events`);
      expect(log.body).toMatchObject({
        data: [{ event: "session_ended.new_session", status: "completed", actions: [{ action: "log" }] }],
        meta: { total: 1 },
      });
    });
  });

  it("finds a user by the platform's id, and visitors by their site's id", async () => {
    await using story = await openStory();
    const said = { agent_id: "agent", channel: "web", message_text: "Hello." };
    for (const identifier of ["ada", "id:ada"]) await story.app.api("POST", PATH, { ...said, identifier });
    const { body } = await story.app.api("GET", "/users?channel=web");
    expect(body.data).toMatchObject([{ identifier: "id:ada" }]);
    await story.app.api("POST", PATH, { ...said, identifier: body.data[0].id });
    await story.app.api("POST", "/schedules", { ...said, identifier: "ada", every: "1d" });
    const user = { identifier: "ada", name: "Ada" };
    const opened = await story.app.api("POST", "/chat/sessions", { agent_id: "agent", channel: "web", user });
    expect([opened.status, opened.body.user_id]).toEqual([201, body.data[0].id]);
    expect((await story.app.api("GET", "/users?channel=web")).body.data).toHaveLength(1);
    expect((await story.app.api("GET", "/schedules")).body.data).toMatchObject([{ identifier: "id:ada" }]);
    expect(await story.rows("SELECT count(*)::int AS count FROM messages")).toEqual([{ count: 3 }]);
  });

  it("runs once per key, and one at a time for each user", async () => {
    await using story = await openStory();
    const call = (key: string) =>
      story.app.api(
        "POST",
        PATH,
        { ...ada, message_text: "Once.", start_new_session: true },
        {
          "idempotency-key": key,
        },
      );
    const answers = await Promise.all([call("one"), call("one"), call("one")]);
    expect(new Set(answers.map(({ body }) => body.session_id)).size).toBe(1);
    expect(await story.rows("SELECT count(*)::int AS count FROM messages")).toEqual([{ count: 1 }]);
    await Promise.all([call("two"), call("three"), call("four")]);
    const counts = await story.rows(
      "SELECT status, count(*)::int AS count FROM sessions GROUP BY status ORDER BY status",
    );
    expect(counts).toEqual([
      { status: "active", count: 1 },
      { status: "completed", count: 3 },
    ]);
  });

  it("and simultaneous resets end each session once, and leave one session open", async () => {
    const events = [{ on: "session_ended", do: [{ action: "log" }] }];
    await using story = await startGatedStory({ agent: { events } });
    await story.say("ada", "hello");
    await story.channel.sending("re: hello");
    const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions");
    const anew = { ...ada, message_text: "A new start.", start_new_session: true };
    await Promise.all([
      story.app.api("POST", `/chat/sessions/${session?.id}/reset`, {}),
      story.app.api("POST", `/chat/sessions/${session?.id}/reset`, { trigger_events: false }),
      story.app.api("POST", PATH, anew),
      story.say("ada", "/reset"),
      story.app.api("POST", PATH, anew),
      story.say("ada", "perhaps too late"),
    ]);
    await story.say("ada", "and this is answered");
    await story.channel.sending("re: and this is answered");
    await eventually(async () => {
      const open = await story.rows("SELECT id FROM sessions WHERE inbound_seq > answered_seq");
      const ended = await story.rows(
        `SELECT s.end_events, count(l.id)::int AS fired, count(DISTINCT n.id)::int AS next FROM sessions s
         LEFT JOIN event_log l ON l.session_id = s.id AND l.status = 'completed'
         LEFT JOIN sessions n ON n.id = s.next_id WHERE s.status = 'completed' GROUP BY s.id`,
      );
      expect(open).toEqual([]);
      expect(ended.length).toBeGreaterThanOrEqual(2);
      for (const { end_events, fired, next } of ended) expect([fired, next]).toEqual([end_events ? 1 : 0, 1]);
    });
    expect(await story.rows("SELECT 1 FROM sessions WHERE status = 'active'")).toHaveLength(1);
    // The message in between was answered, or its session ended first.
    const [late] = await story.rows(
      `SELECT e.status, e.error_code FROM messages m JOIN executions e ON e.id = m.execution_id
       WHERE m.content = 'perhaps too late'`,
    );
    expect([
      { status: "completed", error_code: null },
      { status: "cancelled", error_code: "session_ended" },
    ]).toContainEqual(late);
  });

  it("works on the API and the web, where a session id is the address", async () => {
    await using story = await openStory();
    for (const channel of ["api", "web"]) {
      const { status, body } = await story.app.api("POST", PATH, { ...ada, channel, message_text: "Hi." });
      expect(status).toBe(202);
      const messages = await story.app.api("GET", `/chat/sessions/${body.session_id}/messages`);
      expect(messages.body.data).toMatchObject([{ role: "assistant", content: "Hi." }]);
    }
  });

  it("for many users returns one result each", async () => {
    await using story = await openStory();
    const { status, body } = await story.app.api("POST", `${PATH}/batch`, {
      agent_id: "agent",
      channel: "gated",
      message_text: "Closed today.",
      items: [
        { identifier: "ada" },
        { identifier: "bob", prompt_text: "Say hello to Bob." },
        { identifier: "eve", prompt_text: "a", message_text: "b" },
        { identifier: "kim", buttons: [{ label: "All right" }] },
      ],
    });
    expect(status).toBe(202);
    expect(body.data).toMatchObject([
      { identifier: "ada", status: "accepted", delivery_ids: [expect.any(String)] },
      { identifier: "bob", status: "accepted", execution_id: expect.any(String) },
      { identifier: "eve", status: "failed", error: { code: "invalid_body" } },
      { identifier: "kim", status: "accepted" },
    ]);
    const below = await story.app.api("GET", `/chat/sessions/${body.data[3].session_id}/messages`);
    expect(below.body.data).toMatchObject([
      { content: "Closed today.", buttons: [{ label: "All right", payload: "All right" }] },
    ]);
    await story.channel.sending("Closed today.");
    await story.channel.sending("re: Say hello to Bob.");
  });

  it("is refused with two texts, with none, with a blank text, and for unknown names", async () => {
    await using story = await openStory();
    const codes = [];
    for (const body of [
      { ...ada },
      { ...ada, prompt_text: "a", message_text: "b" },
      { ...ada, message_text: " \n" },
      { ...ada, prompt_text: " " },
      { ...ada, message_text: "a", identifier: "  " },
      { ...ada, message_text: "a", agent_id: "nobody" },
      { ...ada, message_text: "a", channel: "nowhere" },
      { ...ada, message_text: "a", colour: "red" },
    ]) {
      const answer = await story.app.api("POST", PATH, body);
      codes.push([answer.status, answer.body.error.code]);
    }
    expect(codes).toEqual([
      [422, "invalid_body"],
      [422, "invalid_body"],
      [422, "invalid_body"],
      [422, "invalid_body"],
      [422, "invalid_body"],
      [404, "agent_not_found"],
      [404, "channel_not_found"],
      [422, expect.any(String)],
    ]);
    expect(await story.rows("SELECT 1 FROM users")).toEqual([]);
  });
});
