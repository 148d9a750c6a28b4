import { describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { ADA, ANNA, BEN, type DeskStory, NIGHT, SUPPORT, startDeskStory } from "./desk-story.ts";

/** The user asks for a person, and the card is at the Slack desk. */
async function asked(story: DeskStory) {
  await story.say("hello");
  await eventually(() => expect(story.read()).toEqual(["You said: hello"]));
  await story.say("/human");
  return eventually(() => story.thread());
}

const isSettled = async (story: DeskStory) =>
  eventually(async () =>
    expect(await story.rows("SELECT 1 FROM deliveries WHERE status IN ('queued', 'sending')")).toEqual([]),
  );

describe("a desk in Slack", () => {
  it("carries a whole handoff: asked for on Telegram, answered from Slack, handed back", async () => {
    await using story = await startDeskStory({
      agent: {
        handoff: {
          desk: "support",
          userWords: ["/human"],
          texts: {
            requested: "I am getting a person.",
            taken: "{name} is here.",
            back: "The assistant is back.",
          },
        },
      },
    });
    const thread = await asked(story);
    const [card] = thread.texts();
    expect(card).toContain("User: User 7001 (telegram)");
    expect(card).toContain("Agent: coach");
    expect(card).toContain("Reason: the user asked for a person");
    expect(card).toContain("User 7001: hello\nAssistant: You said: hello\nUser 7001: /human");
    expect(card).toContain(`/console/conversations/${await story.session()}`);
    await story.say("where is my money?");
    await eventually(() => expect(thread.texts()[1]).toBe("User 7001: where is my money?"));
    expect(await thread.write(ANNA, "It is on its way.")).toBe(200);
    await eventually(() =>
      expect(story.read().slice(1)).toEqual(["I am getting a person.", "Anna is here.", "It is on its way."]),
    );
    await eventually(() => expect(thread.texts()[2]).toBe("Anna (slack) answers now."));
    await story.say("thank you");
    await eventually(() => expect(thread.texts()[3]).toBe("User 7001: thank you"));
    await thread.write(ANNA, "!release");
    await eventually(() => expect(thread.texts()[4]).toBe("Handed back. The assistant answers again."));
    await story.say("and now?");
    await eventually(() =>
      expect(story.read().slice(4)).toEqual(["The assistant is back.", "You said: and now?"]),
    );
    await eventually(() => expect(thread.texts()[0]).toMatch(/^Handed back/));
    expect(thread.texts()).toHaveLength(5);
    const [asking] = await story.rows<{ id: string }>(
      "SELECT id FROM messages WHERE content = 'where is my money?'",
    );
    const { body: trail } = await story.app.api("GET", `/messages/${asking?.id}/trail`);
    expect(trail.summary).toMatch(/^A person answered: Anna \(slack\), since 20/);
    expect(trail.facts.map(({ what }: { what: string }) => what)).toContain(
      "The copy for the desk was accepted by slack.",
    );
    const { body } = await story.app.api("GET", `/chat/sessions/${await story.session()}/messages?limit=50`);
    expect(body.data.find((each: { content: string }) => each.content === "It is on its way.")).toMatchObject(
      {
        role: "assistant",
        origin: "operator",
        author: { name: "Anna", via: "slack" },
      },
    );
  });

  it("receives each message that the user writes while the card is being posted once, after the card", async () => {
    await using story = await startDeskStory();
    await story.say("hello");
    await eventually(() => expect(story.read()).toHaveLength(1));
    const release = story.slack.hold("chat.postMessage");
    await story.say("/human");
    await eventually(() =>
      expect(story.slack.calls.filter(({ method }) => method === "chat.postMessage")).toHaveLength(1),
    );
    await story.say("first");
    await story.say("second");
    release();
    await isSettled(story);
    expect(story.thread().texts().slice(1)).toEqual(["User 7001: first", "User 7001: second"]);
  });

  it("sends a member's message once, however often Slack repeats the event", async () => {
    await using story = await startDeskStory();
    const thread = await asked(story);
    const ts = "1790000900.000001";
    // A mention is a second event of its message. It may arrive first, and it has no files.
    const mention = { ts, type: "app_mention" };
    await thread.write(ANNA, "Hello from Anna.", mention);
    story.slack.files.set("F0PLAN", Buffer.from("the plan"));
    const files = [{ id: "F0PLAN", name: "plan.txt", mimetype: "text/plain" }];
    const event = { ts, subtype: "file_share", files };
    expect(await Promise.all([1, 2, 3].map(() => thread.write(ANNA, "Hello from Anna.", event)))).toEqual([
      200, 200, 200,
    ]);
    await thread.write(ANNA, "Hello from Anna.", mention);
    await eventually(() => expect(story.read()).toContain("Hello from Anna."));
    const said = "SELECT m.content, a.name FROM messages m JOIN attachments a ON a.message_id = m.id";
    expect(await story.rows(said)).toEqual([{ content: "Hello from Anna.", name: "plan.txt" }]);
    await isSettled(story);
    expect(story.read().filter((text) => text === "Hello from Anna.")).toHaveLength(1);
  });

  it("keeps notes inside, and ignores other bots, edits, joins and messages outside its threads", async () => {
    await using story = await startDeskStory();
    const thread = await asked(story);
    await thread.write(ANNA, "// does anybody know her?");
    await thread.write(ANNA, "beep", { bot_id: "B0OTHER0001", user: undefined });
    await thread.write(ANNA, "edited", { subtype: "message_changed" });
    await thread.write(ANNA, "joined", { subtype: "channel_join" });
    await thread.write(ANNA, `<@${story.slack.us.userId}> hello`, { thread_ts: undefined });
    await thread.write(ANNA, "another thread", { thread_ts: "1790000100.000900" });
    await thread.write(ANNA, "for the user");
    await eventually(() => expect(story.read()).toContain("for the user"));
    await isSettled(story);
    expect(story.read()).toEqual(["You said: hello", "for the user"]);
    expect(await story.rows("SELECT count(*)::int AS n FROM sessions")).toEqual([{ n: 1 }]);
    expect(story.slack.posted.every(({ channel }) => channel === SUPPORT)).toBe(true);
  });

  it("lets one of two members take the handoff, and tells the other", async () => {
    await using story = await startDeskStory();
    const thread = await asked(story);
    await Promise.all([thread.press(ANNA, "take"), thread.press(BEN, "take")]);
    await eventually(() => expect(thread.texts()).toHaveLength(3));
    const [{ holder_name: winner = "" } = {}] = await story.rows<{ holder_name: string }>(
      "SELECT holder_name FROM handoffs",
    );
    const loser = winner === "Anna" ? "Ben" : "Anna";
    const told = thread.texts().slice(1);
    expect(told).toContain(`${winner} (slack) answers now.`);
    expect(told).toContain(`${loser}: ${winner} (slack) answers this conversation already.`);
    await eventually(() =>
      expect(thread.texts()[0]).toMatch(new RegExp(`^${winner} \\(slack\\) answers now`)),
    );
    await thread.press(loser === "Ben" ? BEN : ANNA, "release");
    await eventually(() => expect(thread.texts().at(-1)).toContain("only they can hand it back"));
    await thread.write(loser === "Ben" ? BEN : ANNA, "I can help too.");
    await eventually(() => expect(story.read()).toContain("I can help too."));
  });

  it("tells the member when nothing was sent because a message is empty or a handoff is over", async () => {
    await using story = await startDeskStory();
    const thread = await asked(story);
    await thread.write(ANNA, "   ");
    await eventually(() => expect(thread.texts().at(-1)).toContain("neither text nor a file"));
    await story.handoff("/release");
    await thread.write(ANNA, "too late");
    await eventually(() => expect(thread.texts().at(-1)).toContain("This handoff is over"));
    await isSettled(story);
    expect(story.read()).toEqual(["You said: hello"]);
  });

  it("lets the bot answer waiting messages after !release now", async () => {
    await using story = await startDeskStory();
    const thread = await asked(story);
    await story.say("still there?");
    await thread.write(BEN, " !Release  NOW ");
    await eventually(() => expect(story.read()).toEqual(["You said: hello", "You said: still there?"]));
  });

  it("passes files in both directions, and tells the desk about a lost file", async () => {
    await using story = await startDeskStory();
    const thread = await asked(story);
    story.telegram.files.set("photo-1", { path: "photos/1.jpg", content: Buffer.from("jpeg") });
    await story.postTelegram({
      update_id: 777_001,
      message: {
        message_id: 5,
        date: 1_790_000_000,
        from: { id: ADA, is_bot: false, first_name: "User 7001" },
        chat: { id: ADA, type: "private" },
        caption: "look",
        photo: [{ file_id: "photo-1" }],
      },
    });
    await eventually(() => expect(thread.texts()[1]).toBe("User 7001: look"));
    await eventually(() => expect(thread.texts()[2]).toContain("/attachments/"));
    story.slack.files.set("F0BILL", Buffer.from("one euro"));
    await thread.write(ANNA, "Your bill.", {
      subtype: "file_share",
      files: [{ id: "F0BILL", name: "bill.txt", mimetype: "text/plain" }],
    });
    await thread.write(ANNA, "", { subtype: "file_share", files: [{ id: "F0LOST", name: "lost.txt" }] });
    await eventually(() => expect(story.read()[1]).toBe("Your bill."));
    await eventually(() => expect(story.read()[2]).toContain("bill.txt"));
    await eventually(() => expect(thread.texts().at(-1)).toContain("lost.txt could not be passed on"));
  });

  it("can be replaced by the API when it does not exist on the platform, and the channel reports the error", async () => {
    await using story = await startDeskStory();
    story.slack.fail({ error: "channel_not_found" }, { times: 50 });
    await story.say("hello");
    await eventually(() => expect(story.read()).toHaveLength(1));
    await story.handoff();
    await story.say("anybody?");
    expect((await story.handoff("/reply", { content: "Yes." })).status).toBe(201);
    await eventually(() => expect(story.read()).toContain("Yes."));
    await eventually(async () => {
      const { body } = await story.app.api("GET", "/deliveries?status=failed&channel=slack");
      expect(body.data.at(-1)).toMatchObject({
        message_id: null,
        handoff_id: expect.any(String),
        error: expect.stringContaining("channel_not_found"),
      });
      expect(body.data.at(-2)).toMatchObject({ error_code: "desk_not_opened" });
    });
    await eventually(async () => {
      const { body } = await story.app.api("GET", "/channels");
      const slack = body.data.find(({ name }: { name: string }) => name === "slack");
      expect(slack.last_error).toContain("desk");
    });
    expect(await story.rows("SELECT unreachable_code FROM users")).toEqual([{ unreachable_code: null }]);
  });

  it("receives everything in order after an outage, which delays no answer to users", async () => {
    await using story = await startDeskStory();
    story.slack.fail({ error: "service_unavailable" }, { times: 2 });
    await story.say("hello");
    await eventually(() => expect(story.read()).toHaveLength(1));
    await story.handoff();
    await eventually(() =>
      expect(story.slack.calls.filter(({ method }) => method === "chat.postMessage")).toHaveLength(1),
    );
    await story.say("one");
    await story.handoff("/reply", { content: "From the console." });
    await eventually(() => expect(story.read()).toContain("From the console."));
    await eventually(() =>
      expect(story.thread().texts().slice(1)).toEqual([
        "User 7001: one",
        "operator (api) answers now.",
        "operator (api): From the console.",
      ]),
    );
  });
});

describe("a desk on Telegram", () => {
  it("opens a topic with a card, passes messages both ways, and closes the topic at the end", async () => {
    await using story = await startDeskStory({
      agent: { handoff: { desk: "night", idleMinutes: 30 } },
    });
    await story.say("hello");
    await eventually(() => expect(story.read()).toHaveLength(1));
    await story.handoff("", { reason: "refund", note: "Wants her money back." });
    const card = await eventually(() => {
      const [first] = story.topic().sent;
      if (first === undefined) throw new Error("no card");
      return first;
    });
    expect(story.telegram.forums.get(NIGHT)?.topics.get(story.topic().id)).toBe("User 7001");
    expect(card.text).toContain("Summary: Wants her money back.");
    expect(card.keyboard?.flat().map(({ text }) => text)).toEqual(["Take", "Release"]);
    await story.say("anybody?");
    await eventually(() => expect(story.topic().sent[1]?.text).toBe("User 7001: anybody?"));
    await story.postTelegram({
      update_id: 800_001,
      callback_query: {
        id: "press-1",
        from: { id: 8001, is_bot: false, first_name: "Carla" },
        data: "desk:take",
        // A message that is too old lacks its topic.
        message: { message_id: card.messageId, chat: { id: NIGHT, type: "supergroup" } },
      },
    });
    await eventually(() => expect(story.topic().sent[2]?.text).toBe("Carla (telegram) answers now."));
    await story.writeInTopic("I am here.");
    await eventually(() => expect(story.read()).toContain("I am here."));
    await story.writeInTopic("/reset@causeway_bot", {
      is_topic_message: undefined,
      message_thread_id: undefined,
    });
    await story.writeInTopic("", { text: undefined, forum_topic_edited: { name: "x" } });
    await story.writeInTopic("!release");
    await eventually(() =>
      expect(story.telegram.forums.get(NIGHT)?.closed).toEqual(new Set([story.topic().id])),
    );
    const texts = story.topic().sent.map(({ text }) => text);
    expect(texts[0]).toMatch(/^Handed back/);
    expect(texts.slice(3)).toEqual(["Handed back. The assistant answers again."]);
    expect(story.topic().sent[0]?.keyboard ?? []).toEqual([]);
    expect(story.read()).toEqual(["You said: hello", "I am here."]);
    expect(await story.rows("SELECT count(*)::int AS n FROM sessions")).toEqual([{ n: 1 }]);
  });

  it("creates no second topic when the card is sent again", async () => {
    await using story = await startDeskStory({ agent: { handoff: { desk: "night" } } });
    await story.say("hello");
    await eventually(() => expect(story.read()).toHaveLength(1));
    story.telegram.fail({ answer: 500 });
    await story.handoff();
    await eventually(() => expect(story.topic().sent).toHaveLength(1));
    expect(story.telegram.forums.get(NIGHT)?.topics.size).toBe(1);
  });
});

describe("a handoff that nobody answers", () => {
  it("is announced at the desk once, five minutes before its end, and then its end", async () => {
    await using story = await startDeskStory();
    const thread = await asked(story);
    await story.rows("UPDATE handoffs SET idle_at = now() + interval '4 minutes'");
    await eventually(() =>
      expect(thread.texts().at(-1)).toContain("In five minutes the assistant answers again"),
    );
    await story.rows("UPDATE handoffs SET idle_at = now(), warned_for = now()");
    await eventually(() => expect(thread.texts().at(-1)).toContain("silent for too long"));
    expect(thread.texts()).toHaveLength(3);
  });
});
