import { expect, test } from "vitest";
import { ADA, callback, DM, directMessage, nextTs, reactionTo } from "../channels/slack-subject.ts";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { signedHeaders, startFakeSlack } from "../support/fake-slack.ts";
import { startSpeechServer, voiceNote } from "../support/speech-server.ts";

test("a Slack audio clip gets a spoken answer in its thread, or a written one without the scope", async () => {
  await using fake = await startFakeSlack();
  fake.people.set(ADA, { name: "ada" });
  await using speech = await startSpeechServer();
  const { baseUrl } = speech;
  await using app = await startTestApp({
    agents: {
      echo: {
        bot: { type: "echo" },
        speech: {
          listen: { baseUrl, model: "whisper-1" },
          speak: { baseUrl, model: "tts-1", voice: "alloy" },
        },
      },
    },
    channels: {
      slack: {
        kind: "slack",
        agent: "echo",
        botToken: fake.botToken,
        signingSecret: fake.signingSecret,
        apiUrl: fake.apiUrl,
      },
    },
  });
  const post = async (event: object) => {
    const body = JSON.stringify(event);
    const headers = signedHeaders(body, fake.signingSecret);
    return (await fetch(`${app.url}/webhooks/slack`, { method: "POST", headers, body })).status;
  };
  /** A person sends an audio clip. Slack gives some of them a video type. */
  const say = async (words: string) => {
    const ts = nextTs();
    const id = `F0${words.toUpperCase()}`;
    fake.files.set(id, voiceNote(words));
    const file = { id, name: "audio_message.m4a", mimetype: "video/mp4", subtype: "slack_audio" };
    const clip = directMessage(fake, { ts, text: "", subtype: "file_share", files: [file] });
    expect(await post(clip)).toBe(200);
    return ts;
  };

  const first = await say("hello");
  const spoken = { channel: DM, threadTs: first, name: "voice.ogg", content: voiceNote("You said: hello") };
  await eventually(() => expect(fake.uploads).toEqual([spoken]));
  expect(fake.posted).toEqual([]);
  const { body } = await app.api("GET", "/chat/sessions");
  const { body: messages } = await app.api("GET", `/chat/sessions/${body.data[0].id}/messages`);
  expect(messages.data).toMatchObject([
    { content: "hello", attachments: [{ kind: "audio", content_type: expect.stringMatching(/^audio/) }] },
    { content: "You said: hello", metadata: { speech: { model: "tts-1" } } },
  ]);

  // Slack posts the sound later. Its event has the timestamp, by which a reaction names the message.
  const [{ id: session }] = body.data;
  const heardAt = nextTs();
  const file = { id: "F0UPLOAD0", name: "voice.ogg", mimetype: "audio/ogg" };
  const shown = { ts: heardAt, thread_ts: first, user: fake.us.userId, subtype: "file_share", files: [file] };
  expect(await post(directMessage(fake, { ...shown, text: "" }))).toBe(200);
  expect(await post(reactionTo(fake, `${DM}:${heardAt}`, "+1"))).toBe(200);
  await eventually(async () => {
    const { body: rated } = await app.api("GET", `/chat/sessions/${session}/messages`);
    expect(rated.data[1].feedback).toMatchObject([{ rating: "up", user: { identifier: ADA } }]);
    expect(rated.data).toHaveLength(2);
  });

  fake.scopes.splice(fake.scopes.indexOf("files:write"), 1);
  const second = await say("again");
  await eventually(() => expect(fake.posted).toMatchObject([{ threadTs: second, text: "You said: again" }]));
  await eventually(async () => {
    const { body: deliveries } = await app.api("GET", "/deliveries");
    expect(deliveries.data).toHaveLength(2);
    expect(deliveries.data).toContainEqual(
      expect.objectContaining({ status: "sent", error_code: "voice_refused" }),
    );
  });
  expect(fake.uploads).toHaveLength(1);

  // Slack's Stop button is there while the message is heard, before there is a turn.
  fake.declareAgent();
  speech.instead(() => new Promise(() => {}));
  const third = await say("never");
  const statuses = () => fake.sessions.get(`${DM}:${third}`)?.statuses ?? [];
  await eventually(() => expect(statuses()).toEqual(["processing"]));
  await eventually(() => expect(speech.heard).toHaveLength(3));
  const stop = { type: "agent_session_stopped", channel: DM, user: ADA, thread_ts: third };
  expect(await post(callback(fake, stop))).toBe(200);
  await eventually(async () => {
    const { body: executions } = await app.api("GET", "/executions");
    const found = executions.data.map(({ status }: { status: string }) => status).sort();
    expect(found).toEqual(["cancelled", "completed", "completed"]);
    expect(statuses().at(-1)).toBe("active");
  });
  expect(fake.posted).toHaveLength(1);
});
