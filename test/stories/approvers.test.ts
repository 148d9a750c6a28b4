import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { ADA, ANNA, BEN, type DeskStory, SUPPORT, startDeskStory } from "./desk-story.ts";
import { privateMessage } from "./telegram-story.ts";

/** An approver on Telegram. */
const CARLA = 8001;
const EVE = 7002;

const ACCESS = {
  policy: "pairing",
  codeText: "Code: {code}",
  approvers: ["support", { channel: "telegram", conversation: String(CARLA) }],
};

let lastUpdate = 700_000;

const told = ({ telegram }: DeskStory, chat: number) => telegram.sent.filter(({ chatId }) => chatId === chat);
const textsTo = (story: DeskStory, chat: number) => told(story, chat).map(({ text }) => text);
const inSlack = ({ slack }: DeskStory) => slack.posted.filter(({ channel }) => channel === SUPPORT);

/** Waits for the nth card in Slack, and returns it with the references of its buttons. */
async function slackCard(story: DeskStory, text: string) {
  const card = await eventually(() => {
    const found = inSlack(story).find((message) => message.text.includes(text));
    if (found === undefined) throw new Error("no card yet");
    return found;
  });
  const [row] = await story.rows<{ id: string }>(
    `SELECT d.id FROM deliveries d JOIN channels c ON c.id = d.channel_id
     WHERE d.desk_part = 'card' AND c.name = 'slack' AND d.content LIKE $1`,
    [`%${text}%`],
  );
  return { card, approve: `b:${row?.id}:0`, deny: `b:${row?.id}:1` };
}

/** Waits for the card in an approver's chat, and returns the data of its buttons. */
async function telegramCard(story: DeskStory, text: string) {
  const card = await eventually(() => {
    const found = told(story, CARLA).find((message) => message.text.includes(text));
    if (found === undefined) throw new Error("no card yet");
    return found;
  });
  const [approve = "", deny = ""] = (card.keyboard ?? []).flat().map((key) => key.callback_data ?? "");
  return { messageId: card.messageId, approve, deny };
}

function pressTelegram(story: DeskStory, chat: number, messageId: number, data: string): Promise<number> {
  const update_id = ++lastUpdate;
  const from = { id: chat, is_bot: false, first_name: chat === CARLA ? "Carla" : "Eve" };
  const message = { message_id: messageId, date: 0, chat: { id: chat, type: "private" } };
  return story.postTelegram({
    update_id,
    callback_query: { id: `query-${update_id}`, from, message, data },
  });
}

test("approvers let a stranger in with a button at a desk or in their own chat, and read the outcome", async () => {
  await using story = await startDeskStory({ access: ACCESS });
  await story.say("hello *there* <@U0ANNA0001>");
  const slack = await slackCard(story, "User 7001");
  expect(slack.card.text).toContain("User 7001 (7001) wants to talk to the bot on telegram and wrote:");
  expect(slack.card.pings).toEqual([]);
  const telegram = await telegramCard(story, "User 7001");
  await story.say("anybody?");
  await eventually(() => expect(textsTo(story, ADA)).toHaveLength(2));

  // A button works only where its card is.
  await pressTelegram(story, EVE, telegram.messageId, telegram.approve);
  expect(await story.rows("SELECT 1 FROM access_grants")).toEqual([]);

  expect(await story.pressSlack(ANNA, slack.card, slack.approve)).toBe(200);
  await story.pressSlack(ANNA, slack.card, slack.approve);
  await eventually(() =>
    expect(textsTo(story, ADA).slice(2)).toEqual([
      "You said: hello there <@U0ANNA0001>",
      "You said: anybody?",
    ]),
  );
  const words = "Anna (slack) let in User 7001 (7001).";
  await eventually(() => expect(inSlack(story).map(({ text }) => text)).toContain(words));
  await eventually(() => expect(textsTo(story, CARLA)).toContain(words));
  const [request] = (await story.app.api("GET", "/access_requests?limit=1")).body.data;
  expect(request).toMatchObject({ state: "approved", decided_by: { name: "Anna", via: "slack" } });

  // A late press gets the decision that stands.
  await pressTelegram(story, CARLA, telegram.messageId, telegram.deny);
  const late = "Carla: this request was approved before, and that stays.";
  await eventually(() => expect(textsTo(story, CARLA)).toContain(late));
  expect(inSlack(story)).toHaveLength(2);
  expect(await story.rows("SELECT 1 FROM access_grants")).toHaveLength(1);
  // The bot gets neither an approver's press nor any message at a desk.
  expect(await story.rows("SELECT u.identifier FROM users u")).toEqual([{ identifier: String(ADA) }]);
});

test("two approvers who press at the same time on two platforms make one decision", async () => {
  await using story = await startDeskStory({ access: ACCESS });
  await story.postTelegram(privateMessage(EVE, "let me in"));
  const slack = await slackCard(story, "User 7002");
  const telegram = await telegramCard(story, "User 7002");
  await Promise.all([
    story.pressSlack(BEN, slack.card, slack.deny),
    pressTelegram(story, CARLA, telegram.messageId, telegram.approve),
  ]);
  const [request] = (await story.app.api("GET", "/access_requests")).body.data;
  const isApproved = request.state === "approved";
  expect(await story.rows("SELECT 1 FROM access_grants")).toHaveLength(isApproved ? 1 : 0);
  const [winner, loser] = isApproved
    ? ["Carla (telegram) let in", "Ben: "]
    : ["Ben (slack) did not let in", "Carla: "];
  const all = () => [...inSlack(story).map(({ text }) => text), ...textsTo(story, CARLA)];
  await eventually(() => expect(all().filter((text) => text.startsWith(winner))).toHaveLength(2));
  await eventually(() => expect(all().filter((text) => text.startsWith(loser))).toHaveLength(1));
});

test("a button on an expired card approves the newer request of the same person", async () => {
  await using story = await startDeskStory({ access: ACCESS });
  await story.postTelegram(privateMessage(EVE, "first"));
  const { card, approve } = await slackCard(story, "User 7002");
  await story.postTelegram(privateMessage(EVE, "second"));
  await eventually(() => expect(textsTo(story, EVE)).toHaveLength(2));
  await story.rows("UPDATE access_requests SET expires_at = now() WHERE text = 'first'");
  await story.pressSlack(BEN, card, approve);
  await eventually(() => expect(textsTo(story, EVE)[2]).toBe("You said: second"));
});

test("a bot that offers the same buttons cannot let anybody in", async () => {
  const bot = createScriptedBot((call) =>
    call.reply({
      replies: [{ content: call.texts.join(), buttons: [{ label: "Approve", payload: "access:approved" }] }],
    }),
  );
  await using story = await startDeskStory({
    access: { ...ACCESS, allow: [String(ADA)] },
    agent: { bot: { type: "scripted" } },
    bots: { scripted: bot.definition },
  });
  await story.postTelegram(privateMessage(EVE, "let me in"));
  await story.say("hello");
  const reply = await eventually(() => {
    const [found] = told(story, ADA);
    if (found === undefined) throw new Error("no reply yet");
    return found;
  });
  const data = reply.keyboard?.flat()[0]?.callback_data ?? "";
  await pressTelegram(story, ADA, reply.messageId, data);
  await eventually(() => expect(textsTo(story, ADA)).toEqual(["hello", "Approve"]));
  expect(await story.rows("SELECT 1 FROM access_grants")).toEqual([]);
});
