import { expect, test } from "vitest";
import { startTestApp } from "../support/app.ts";
import { eventually } from "../support/eventually.ts";
import { startSpeechServer, voiceNote } from "../support/speech-server.ts";

const ADA = "491701234567";

test("through Meta and Twilio, a voice message gets a spoken answer, and its receipt counts", async () => {
  await using speech = await startSpeechServer();
  const { baseUrl } = speech;
  const whatsapp = { kind: "whatsapp", agent: "coach", simulate: true };
  await using app = await startTestApp({
    agents: {
      coach: {
        bot: { type: "echo" },
        speech: {
          listen: { baseUrl, model: "whisper-1" },
          speak: { when: "reply", baseUrl, model: "tts-1", voice: "alloy" },
        },
      },
    },
    channels: {
      api: { kind: "api", agent: "coach" },
      meta: { ...whatsapp, provider: "meta" },
      twilio: { ...whatsapp, provider: "twilio" },
    },
  });
  const control = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${app.url}/simulator/v1${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: answers of every shape
    return (await response.json()) as any;
  };
  const data = voiceNote("good morning").toString("base64");
  const file = { name: "voice.ogg", content_type: "audio/ogg", data };
  for (const bot of ["meta", "twilio"]) {
    await control("POST", `/whatsapp/chats/${ADA}/messages`, { bot, file });
    const answer = await eventually(async () => {
      const [, second] = await control("GET", `/whatsapp/chats/${ADA}?bot=${bot}`);
      expect(second).toMatchObject({
        from: "bot",
        file: { content_type: expect.stringMatching(/^audio\/ogg/) },
      });
      return second;
    });
    const sound = await fetch(`${app.url}${answer.file.url}`);
    expect(Buffer.from(await sound.arrayBuffer())).toEqual(voiceNote("You said: good morning"));
    // Only Meta reports that a voice message was played.
    await eventually(async () => {
      const { body: deliveries } = await app.api("GET", `/deliveries?channel=${bot}`);
      expect(deliveries.data).toMatchObject([{ status: "read" }]);
      const log = await control("GET", "/log");
      const statuses = log.filter(({ name }: { name: string }) => name === "status played");
      expect(statuses).toHaveLength(1);
    });
  }
  expect(speech.heard).toHaveLength(2);
});
