/** A feature that only some platforms have, with the test that holds it. */
interface PlatformFeature {
  platforms: string;
  feature: string;
  test: string;
}

const of = (platforms: string, feature: string, test: string): PlatformFeature => ({
  platforms,
  feature,
  test,
});

/** The document of the conformance suite names these below its table. */
export const PLATFORM_FEATURES: readonly PlatformFeature[] = [
  of("telegram", "headings, tables and long answers are rich messages", "channels/telegram-rich.test.ts"),
  of(
    "telegram",
    "an edit changes a message that still waits; a later one stands in the trail",
    "stories/edits.test.ts",
  ),
  of(
    "telegram",
    "answers in the name of business accounts, and not while their owner answers",
    "stories/telegram-business.test.ts",
  ),
  of(
    "telegram",
    "a topic of a private chat or a group is a conversation of its own",
    "channels/telegram-topics.test.ts",
  ),
  of("telegram", "an album is one message", "stories/albums.test.ts"),
  of("telegram", "drafts show an answer while it is written", "channels/telegram-streaming.test.ts"),
  of(
    "slack",
    "Slack's own Stop ends the answer, the hearing of a voice message too",
    "stories/voice-slack.test.ts",
  ),
  of("slack", "the tools of a bot are cards above its answer", "channels/slack-streaming.test.ts"),
  of("slack", "sessions have a status and a title; prompts are suggested", "stories/slack.test.ts"),
  of("slack", "a thumb below a spoken reply is a rating", "stories/voice-slack.test.ts"),
  of("slack, telegram", "thumbs as reactions are ratings", "stories/ratings.test.ts"),
  of(
    "whatsapp",
    "a reaction, a place and a contact reach the bot in words and as data",
    "stories/whatsapp-details.test.ts",
  ),
  of("whatsapp (meta)", "a voice message that was played counts as read", "stories/voice-whatsapp.test.ts"),
  of("whatsapp (meta)", "the owner's own phone holds the conversation", "stories/whatsapp-events.test.ts"),
  of(
    "slack, telegram, whatsapp",
    "voice messages are heard, and answered by voice",
    "stories/voice-listening.test.ts",
  ),
  of("slack, telegram", "people answer from a desk, in a thread or a topic", "stories/desks.test.ts"),
];
