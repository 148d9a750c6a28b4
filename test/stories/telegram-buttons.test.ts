import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createScriptedBot } from "../support/scripted-bot.ts";
import { startTelegramStory } from "./telegram-story.ts";

const ADA = { id: 1, is_bot: false, first_name: "Ada" };
const PAYLOAD = `confirm:${"7".repeat(500)}`;

let lastUpdate = 800_000;

function press(chat: number, key: { messageId: number; data: string }, from = ADA, type = "private") {
  const update_id = ++lastUpdate;
  const message = { message_id: key.messageId, date: 0, chat: { id: chat, type } };
  return { update_id, callback_query: { id: `query-${update_id}`, from, message, data: key.data } };
}

/** Replies with its input and offers the same buttons again. */
const bot = createScriptedBot((call) =>
  call.reply({
    replies: [
      {
        content: call.turn.input.map(({ text, payload }) => `${text} (${payload?.length})`).join(),
        buttons: [
          { label: "Yes", payload: PAYLOAD },
          { label: "No" },
          { label: "Terms", url: "https://example.org/terms" },
        ],
      },
    ],
  }),
);

test("a Telegram button press is confirmed at once, marked, and counts once, even when repeated", async () => {
  await using story = await startTelegramStory({
    agent: { bot: { type: "scripted" } },
    bots: { scripted: bot.definition },
  });
  const { fake } = story;
  const newest = async (chat: number, count: number) => {
    await eventually(() => expect(story.texts(chat)).toHaveLength(count));
    const { messageId = 0, keyboard = [] } = story.sentTo(chat).at(-1) ?? {};
    const keys = keyboard.flat().map(({ callback_data: data = "" }) => ({ messageId, data }));
    return { keyboard, keys };
  };
  await story.say(1, "hello");
  const first = await newest(1, 1);
  expect(first.keyboard).toMatchObject([
    [{ text: "Yes" }, { text: "No" }, { text: "Terms", url: "https://example.org/terms" }],
  ]);
  const yes = press(1, first.keys[0] as never);
  expect(await Promise.all([story.post(yes), story.post(yes)])).toEqual([200, 200]);
  await eventually(() => expect(story.texts(1)).toEqual(["hello (undefined)", "Yes (508)"]));
  await eventually(() =>
    expect(story.sentTo(1)[0]?.keyboard).toEqual([
      [{ text: "✓ Yes", callback_data: "b" }],
      [{ text: "Terms", url: "https://example.org/terms" }],
    ]),
  );
  const answers = () => fake.calls.filter(({ method }) => method === "answerCallbackQuery");
  expect(answers()[0]?.payload).toEqual({ callback_query_id: yes.callback_query.id });

  // A second tap and a button with a mark change nothing. The other button of an older message counts.
  await story.post(press(1, first.keys[0] as never));
  await story.post(press(1, first.keys[1] as never));
  await story.post(press(1, { messageId: 1, data: "b" }));
  await eventually(() => expect(story.texts(1)).toEqual(["hello (undefined)", "Yes (508)", "No (2)"]));

  // A press in Bob's chat of a button from Ada's chat is invalid. Bob gets a notice.
  const before = answers().length;
  await story.post(press(2, first.keys[1] as never, { ...ADA, id: 2, first_name: "Bob" }));
  await eventually(() => expect(answers()).toHaveLength(before + 1));
  expect(answers().at(-1)?.payload).toMatchObject({ text: "This can no longer be chosen." });

  // In a group, the person who presses is the author.
  const group = { id: -100500, type: "supergroup", title: "Walkers" };
  await story.post({
    update_id: ++lastUpdate,
    message: {
      message_id: 1,
      date: 0,
      from: ADA,
      chat: group,
      text: `/hi@${fake.username}`,
      entities: [{ type: "bot_command", offset: 0, length: 20 }],
    },
  });
  const asked = await newest(-100500, 1);
  const bob = { ...ADA, id: 2, first_name: "Bob", last_name: "Baker" };
  await story.post(press(-100500, asked.keys[1] as never, bob, "supergroup"));
  await newest(-100500, 2);
  expect(story.sentTo(-100500)[0]?.keyboard?.[0]?.[0]?.text).toBe("✓ No (Bob Baker)");
  const pressed = (await bot.asked("No", 2)).turn;
  expect(pressed.user).toMatchObject({ name: "Bob Baker" });
  expect(pressed.input[0]?.context).toMatchObject({ author: { identifier: "2", name: "Bob Baker" } });

  // Buttons that Telegram refuses are written as text.
  fake.fail({ answer: 400, description: "Bad Request: BUTTON_URL_INVALID" });
  await story.say(1, "again");
  await eventually(() =>
    expect(story.texts(1).at(-1)).toBe(
      "again (undefined)\n\n1. Yes\n2. No\nTerms: https://example.org/terms",
    ),
  );
});
