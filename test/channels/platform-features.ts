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
    "slack, telegram",
    "an edit changes a message that still waits; a later edit is only recorded",
    "stories/edits.test.ts",
  ),
  of(
    "telegram",
    "answers in the name of business accounts, but not while their owner answers",
    "stories/telegram-business.test.ts",
  ),
  of(
    "telegram",
    "each topic of a private chat or a group is a separate conversation",
    "channels/telegram-topics.test.ts",
  ),
  of("telegram", "an album is one message", "stories/albums.test.ts"),
  of("telegram", "drafts show an answer while it is written", "channels/telegram-streaming.test.ts"),
  of(
    "slack",
    "Slack's Stop button ends the answer, also while a voice message is transcribed",
    "stories/voice-slack.test.ts",
  ),
  of("slack", "the tools of a bot appear as cards above its answer", "channels/slack-streaming.test.ts"),
  of("slack", "sessions have a status and a title; prompts are suggested", "stories/slack.test.ts"),
  of("slack", "a thumb below a spoken reply is a rating", "stories/voice-slack.test.ts"),
  of("slack, telegram", "thumbs as reactions are ratings", "stories/ratings.test.ts"),
  of(
    "whatsapp",
    "a reaction, a place and a contact reach the bot as text and as data",
    "stories/whatsapp-details.test.ts",
  ),
  of("whatsapp (meta)", "a voice message that was played counts as read", "stories/voice-whatsapp.test.ts"),
  of(
    "whatsapp (meta)",
    "the bot pauses after the owner answers on their own phone",
    "stories/whatsapp-events.test.ts",
  ),
  of(
    "slack, telegram, whatsapp",
    "voice messages are transcribed, and answered by voice",
    "stories/voice-listening.test.ts",
  ),
  of("slack, telegram", "staff answer from a desk, in a thread or a topic", "stories/desks.test.ts"),
];
