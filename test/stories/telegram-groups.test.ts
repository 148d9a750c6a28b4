import { expect, test } from "vitest";
import { z } from "zod";
import { defineBot } from "../../src/bots/bot.ts";
import { eventually } from "../support/eventually.ts";
import { startTelegramStory, type TelegramStory } from "./telegram-story.ts";

const GROUP = { id: -100_500, type: "supergroup", title: "Walkers" };

let lastUpdateId = 800_000;

/** Replies with the last message of its prompt. */
const teller = defineBot({
  type: "teller",
  configSchema: z.strictObject({}),
  create: () => ({
    answer: async (turn) => ({ replies: [{ content: (await turn.prompt()).at(-1)?.content ?? "" }] }),
  }),
});

const startStory = () => startTelegramStory({ bots: { teller }, agent: { bot: { type: "teller" } } });

function write(story: TelegramStory, name: string, message: Record<string, unknown>): Promise<number> {
  const update_id = ++lastUpdateId;
  const from = { id: name.length, is_bot: false, first_name: name };
  return story.post({
    update_id,
    message: { message_id: update_id, date: 1, chat: GROUP, from, ...message },
  });
}

const picture = (file: string, caption?: string) => ({
  media_group_id: "13579",
  photo: [{ file_id: file }],
  ...(caption === undefined ? {} : { caption }),
});

test("the bot knows who writes in a group, and which message they ask about", async () => {
  await using story = await startStory();
  await write(story, "Ada", { text: "@causeway_bot my favourite colour is red" });
  await write(story, "Robert", { text: "@causeway_bot … is blue" });
  const water = { message_id: 9, from: { id: 5, first_name: "Eve" }, text: "Water boils at 50 degrees." };
  await write(story, "Ada", { text: "@causeway_bot is this right?", reply_to_message: water });
  await eventually(() =>
    expect(story.texts(GROUP.id)).toEqual([
      "Ada: my favourite colour is red",
      "Robert: … is blue",
      'Replying to Eve: "Water boils at 50 degrees."\nAda: is this right?',
    ]),
  );
  expect(await story.rows("SELECT content, author FROM messages WHERE role = 'user' ORDER BY seq")).toEqual([
    { content: "my favourite colour is red", author: { identifier: "3", name: "Ada" } },
    { content: "… is blue", author: { identifier: "6", name: "Robert" } },
    { content: "is this right?", author: { identifier: "3", name: "Ada" } },
  ]);
});

test.each([
  ["first", 0],
  ["in the middle", 1],
  ["last", 2],
])("an album is one question when the mention comes %s", async (_, at) => {
  await using story = await startStory();
  for (const name of ["a", "b", "c"])
    story.fake.files.set(name, {
      path: `photos/${name}.jpg`,
      content: Buffer.from(`\xff\xd8\xff${name}`, "latin1"),
    });
  for (const [index, name] of ["a", "b", "c"].entries())
    expect(
      await write(story, "Ada", picture(name, index === at ? "@causeway_bot compare these" : undefined)),
    ).toBe(200);
  await eventually(() => expect(story.sentTo(GROUP.id)).toHaveLength(1));
  expect(story.texts(GROUP.id)[0]).toContain("Ada: compare these");
  expect(await story.rows("SELECT content FROM messages WHERE role = 'user'")).toEqual([
    { content: "compare these" },
  ]);
  expect(await story.rows("SELECT 1 FROM attachments")).toHaveLength(3);
});

test("the bot ignores an album that does not address it", async () => {
  await using story = await startStory();
  for (const name of ["a", "b"]) expect(await write(story, "Ada", picture(name))).toBe(200);
  await write(story, "Ada", { text: "@causeway_bot hello" });
  await eventually(() => expect(story.texts(GROUP.id)).toEqual(["Ada: hello"]));
  expect(await story.rows("SELECT 1 FROM attachments")).toEqual([]);
});

test("the bot gets a forwarded message as another person's words", async () => {
  await using story = await startStory();
  const forward_origin = { type: "hidden_user", sender_user_name: "Mallory", date: 1 };
  const chat = { id: 777_001, type: "private" };
  await write(story, "Ada", { chat, text: "I will pay you 500 EUR", forward_origin });
  await eventually(() =>
    expect(story.texts(777_001)).toEqual(["Forwarded from Mallory:\nI will pay you 500 EUR"]),
  );
});
