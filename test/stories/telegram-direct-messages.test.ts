import { expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { startTelegramStory, type TelegramStory } from "./telegram-story.ts";

const CHAT = { id: -1001000000013, type: "supergroup", title: "Chan DMs", is_direct_messages: true };

let lastUpdateId = 700_000;

function write(story: TelegramStory, topicId: number, name: string, text: string): Promise<number> {
  const user = { id: topicId, is_bot: false, first_name: name };
  const direct_messages_topic = { topic_id: topicId, user };
  const update_id = ++lastUpdateId;
  const message = { message_id: update_id, date: 1, chat: CHAT, direct_messages_topic, from: user, text };
  return story.post({ update_id, message });
}

test("two people with direct messages to a channel share nothing, and each gets answers in their own topic", async () => {
  await using story = await startTelegramStory();
  story.fake.directMessages.add(CHAT.id);
  expect(await write(story, 777_001, "Ada", "my PIN is 4711, keep it secret")).toBe(200);
  expect(await write(story, 777_002, "Bob", "hello, who are you?")).toBe(200);
  await eventually(() => expect(story.fake.sent).toHaveLength(2));

  const answers = story.sentTo(CHAT.id).map(({ directTopicId, text }) => [directTopicId, text]);
  expect(answers.toSorted()).toEqual([
    [777_001, "You said: my PIN is 4711, keep it secret"],
    [777_002, "You said: hello, who are you?"],
  ]);
  const sessions = await story.rows("SELECT DISTINCT user_id, address FROM sessions ORDER BY address");
  expect(sessions).toMatchObject([{ address: `${CHAT.id}:d777001` }, { address: `${CHAT.id}:d777002` }]);
  expect(new Set(sessions.map(({ user_id: user }) => user)).size).toBe(2);
});
