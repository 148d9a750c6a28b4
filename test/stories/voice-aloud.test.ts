import { expect, test } from "vitest";
import { hasSpeech, startDebianSpeech } from "../support/debian-speech.ts";
import { eventually } from "../support/eventually.ts";
import { privateMessage, startTelegramStory } from "./telegram-story.ts";

const CHAT = 777_001;
const SENTENCES = ["good morning", "you said good morning", "open the window", "i want to talk to a person"];

test.skipIf(!hasSpeech())(
  "real speech is transcribed, and the spoken answer can be transcribed too",
  async () => {
    await using speech = await startDebianSpeech(SENTENCES);
    const { baseUrl } = speech;
    await using story = await startTelegramStory({
      agent: {
        bot: { type: "echo" },
        speech: {
          listen: { baseUrl, model: "pocketsphinx" },
          speak: { baseUrl, model: "espeak-ng", voice: "en-us" },
        },
      },
    });
    story.fake.files.set("clip", { path: "voice/clip.oga", content: await speech.say("good morning") });
    const { message, ...update } = privateMessage(CHAT, "");
    const { text: _, ...rest } = message;
    const voice = { file_id: "clip", mime_type: "audio/ogg" };
    expect(await story.post({ ...update, message: { ...rest, voice } })).toBe(200);
    const answer = await eventually(
      () => {
        const sent = story.fake.calls.find(({ method }) => method === "sendVoice")?.payload["voice"];
        return Buffer.isBuffer(sent) ? sent : expect.fail("no voice message was sent");
      },
      { timeoutMs: 100_000 },
    );
    expect(await story.rows("SELECT content FROM messages ORDER BY seq")).toEqual([
      { content: "good morning" },
      { content: "You said: good morning" },
    ]);
    expect(await speech.hear(answer)).toBe("you said good morning");
  },
);
