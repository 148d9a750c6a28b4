import { expect, test } from "vitest";
import { startProvider } from "../bots/provider-server.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { recording, type SpeechServer, startSpeechServer, voiceNote } from "../support/speech-server.ts";
import { privateMessage, startTelegramStory, type TelegramStory } from "./telegram-story.ts";

const CHAT = 777_001;

const speechAt = ({ baseUrl }: Pick<SpeechServer, "baseUrl">, when: string) => ({
  listen: { baseUrl, model: "whisper-1" },
  speak: { when, baseUrl, apiKey: "speak-key-123456", model: "tts-1", voice: "alloy" },
});

/** A user speaks on Telegram. */
function say(story: TelegramStory, words: string): Promise<number> {
  const fileId = `voice-${words.replace(/\W/g, "-")}`;
  story.fake.files.set(fileId, { path: `voice/${fileId}.oga`, content: voiceNote(words) });
  const update = privateMessage(CHAT, "");
  const { text: _, ...rest } = update.message;
  return story.post({ ...update, message: { ...rest, voice: { file_id: fileId, mime_type: "audio/ogg" } } });
}

const sounds = (story: TelegramStory) =>
  story.fake.calls.flatMap(({ method, payload: { voice } }) =>
    method === "sendVoice" && Buffer.isBuffer(voice) ? [voice] : [],
  );

test("a voice message gets a spoken answer, a text a written one, and the history has the text", async () => {
  await using speech = await startSpeechServer();
  await using story = await startTelegramStory({
    agent: {
      bot: {
        type: "script",
        replies: [
          { match: "link", say: "See https://example.org" },
          { match: "choose", say: "Which?", buttons: [{ label: "One" }] },
        ],
        sequence: [{ say: "**Good** morning! 🌞" }],
      },
      speech: speechAt(speech, "reply"),
    },
  });
  await say(story, "hello");
  await eventually(() => expect(sounds(story)).toEqual([voiceNote("Good morning!")]));
  expect(speech.spoken).toEqual([
    { model: "tts-1", input: "Good morning!", voice: "alloy", response_format: "opus" },
  ]);
  const [session] = await story.rows<{ id: string }>("SELECT id FROM sessions");
  const { body } = await story.app.api("GET", `/chat/sessions/${session?.id}/messages`);
  expect(body.data[1]).toMatchObject({
    role: "assistant",
    content: "**Good** morning! 🌞",
    metadata: { speech: { model: "tts-1", voice: "alloy" } },
    attachments: [{ kind: "audio", state: "stored", name: "voice.ogg" }],
  });
  await eventually(async () =>
    expect(await story.rows("SELECT status, content FROM deliveries")).toEqual([
      { status: "sent", content: "**Good** morning! 🌞" },
    ]),
  );

  await story.say(CHAT, "in writing");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("Good morning! 🌞"));
  // Links and choices are sent as text.
  await say(story, "a link");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("See https://example.org"));
  await say(story, "choose");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("Which?"));
  expect(speech.spoken).toHaveLength(1);
});

test("the answer is text if speech fails or the user takes no voice messages", async () => {
  await using speech = await startSpeechServer();
  await using story = await startTelegramStory({
    agent: {
      bot: { type: "echo" },
      turns: { attempts: 2, backoffMs: 10 },
      speech: speechAt(speech, "always"),
    },
  });
  speech.instead((path) => (path.endsWith("/speech") ? { status: 500, body: "no voice" } : null));
  await story.say(CHAT, "one");
  await eventually(() => expect(story.texts(CHAT)).toEqual(["You said: one"]));
  expect(speech.spoken).toHaveLength(2);
  const [row] = await story.rows<{ id: string }>("SELECT id FROM messages WHERE content = 'one'");
  const { body } = await story.app.api("GET", `/messages/${row?.id}/trail`);
  expect(JSON.stringify(body)).toContain("Attempt 2 to speak the reply failed and its text goes instead.");

  speech.instead((path) => (path.endsWith("/speech") ? { body: "no sound" } : null));
  await story.say(CHAT, "two");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("You said: two"));

  speech.instead(() => null);
  story.fake.fail(
    { answer: 400, description: "Bad Request: VOICE_MESSAGES_FORBIDDEN" },
    { method: "sendVoice" },
  );
  await story.say(CHAT, "three");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toBe("You said: three"));
  await eventually(async () =>
    expect(
      await story.rows("SELECT status, error_code FROM deliveries ORDER BY ordinal DESC LIMIT 1"),
    ).toEqual([{ status: "sent", error_code: "voice_refused" }]),
  );

  // A repeated send has the same sound.
  story.fake.fail({ answer: 500 }, { method: "sendVoice" });
  const spoken = speech.spoken.length;
  await story.say(CHAT, "four");
  await eventually(() => expect(story.texts(CHAT).at(-1)).toMatch(/^<voice: /));
  expect(speech.spoken).toHaveLength(spoken + 1);
  expect(sounds(story).slice(-2)).toEqual([voiceNote("You said: four"), voiceNote("You said: four")]);
  expect(JSON.stringify(story.app.log)).not.toContain("speak-key-123456");
});

test("over the API, sound is heard and spoken by a server of other authors", async () => {
  await using provider = await startProvider();
  const { mock } = provider;
  const sound = voiceNote("You said: good morning");
  mock.onTranscription({ transcription: { text: "good morning", language: "english", duration: 2 } });
  mock.onSpeech("You said: good morning", { audio: sound.toString("base64"), format: "opus" });
  const speech = speechAt({ baseUrl: `${mock.url}/v1` }, "reply");
  await using app = await startTestApp({ agents: { echo: { bot: { type: "echo" }, speech } } });
  const authorization = `Bearer ${app.apiKey}`;
  const { body: session } = await app.api("POST", "/chat/sessions", { agent_id: "echo" });
  const upload = await fetch(`${app.url}/api/v1/chat/sessions/${session.id}/attachments`, {
    method: "POST",
    headers: { authorization, "content-type": "audio/webm;codecs=opus" },
    body: new Uint8Array(recording("any")),
  });
  const { id } = (await upload.json()) as { id: string };
  const path = `/chat/sessions/${session.id}/messages`;
  const { body: reply } = await app.api("POST", path, { content: "", attachment_ids: [id] });
  expect(reply).toMatchObject({
    content: "You said: good morning",
    attachments: [{ kind: "audio", state: "stored", content_type: expect.stringMatching(/^audio\/ogg/) }],
  });
  const spoken = await fetch(`${app.url}${reply.attachments[0].url}`, { headers: { authorization } });
  expect(Buffer.from(await spoken.arrayBuffer())).toEqual(sound);
  const { data: messages } = (await app.api("GET", path)).body;
  expect(messages[0]).toMatchObject({
    content: "good morning",
    metadata: { transcription: { model: "whisper-1", language: "english", seconds: 2 } },
  });
  expect(mock.getRequests().map(({ path: called, body }) => [called, body?.model])).toEqual([
    ["/v1/audio/transcriptions", "whisper-1"],
    ["/v1/audio/speech", "tts-1"],
  ]);
});
