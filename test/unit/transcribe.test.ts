import { expect, test } from "vitest";
import { secondsOf } from "../../src/speech/sound-length.ts";
import { createTranscriber } from "../../src/speech/transcribe.ts";
import { ogg } from "../support/files.ts";
import { startLoopbackServer } from "../support/loopback-server.ts";
import { startSpeechServer, voiceNote } from "../support/speech-server.ts";

const settings = (baseUrl: string) => ({
  baseUrl,
  apiKey: null,
  model: "m",
  language: null,
  prompt: null,
  maxSeconds: 60,
});
const never = new AbortController().signal;

/** A second of silence, 8,000 samples of 16 bits. */
function wave(): Buffer {
  const head = Buffer.alloc(44);
  head.write("RIFF");
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16_000, 28);
  head.write("data", 36);
  head.writeUInt32LE(0xffffffff, 40);
  return Buffer.concat([head, Buffer.alloc(16_000)]);
}

test("the length of a recording is read if its format contains it", () => {
  expect(secondsOf(voiceNote("hello", 61))).toBe(61);
  expect(secondsOf(wave())).toBe(1);
  expect(secondsOf(ogg)).toBeNull();
  expect(secondsOf(Buffer.from("ID3"))).toBeNull();
  expect(secondsOf(Buffer.from("OggS"))).toBeNull();
});

test("a server that returns only words is asked only for words from then on", async () => {
  await using server = await startSpeechServer();
  const transcribe = createTranscriber();
  server.instead((_, call) =>
    call === 1
      ? { status: 400, body: { error: { message: "response_format 'verbose_json' is not compatible" } } }
      : { body: { text: "hello", usage: { type: "duration", seconds: 3 } } },
  );
  const sound = { content: voiceNote("hello"), contentType: "audio/ogg; codecs=opus" };
  for (const _ of [1, 2]) {
    expect(await transcribe(settings(server.baseUrl), sound, never)).toEqual({
      kind: "heard",
      words: "hello",
      language: null,
      seconds: 3,
    });
  }
  expect(server.heard.map(({ fields }) => fields["response_format"])).toEqual([
    "verbose_json",
    "json",
    "json",
  ]);
});

test.each([
  [401, {}, { code: "invalid_credentials", retryable: false }],
  [404, {}, { code: "not_found", retryable: false }],
  [429, { "retry-after": "7" }, { code: "server_unavailable", retryable: true, retryAfterMs: 7_000 }],
  [302, { location: "http://127.0.0.1:1" }, { code: "sound_refused", retryable: false }],
  [200, {}, { code: "bad_answer", retryable: true }],
])("status %i is a reason for operators", async (status, headers, expected) => {
  await using server = await startSpeechServer();
  server.instead(() => ({ status, headers, body: "<html>" }));
  const sound = { content: voiceNote("hello"), contentType: null };
  const answer = await createTranscriber()(settings(server.baseUrl), sound, never);
  expect(answer).toMatchObject({ kind: "failed", ...expected });
});

test("a server is called at an address with credentials and a query, which are never shown", async () => {
  const asked: [string | undefined, string | undefined][] = [];
  const server = await startLoopbackServer(
    async ({ url, headers }, response) => {
      asked.push([url, headers.authorization]);
      response.writeHead(400).end('{"error":{"message":"no user:basicpw123 with querykey123"}}');
    },
    () => undefined,
  );
  const address = `${server.origin.replace("//", "//user:basicpw123@")}/v1?key=querykey123`;
  const sound = { content: voiceNote("hello"), contentType: "audio/ogg" };
  expect(await createTranscriber()(settings(address), sound, never)).toMatchObject({
    reason: expect.stringContaining('"no [secret]:[secret] with [secret]"'),
  });
  const basic = `Basic ${Buffer.from("user:basicpw123").toString("base64")}`;
  expect(asked[0]).toEqual(["/v1/audio/transcriptions?key=querykey123", basic]);
  await server.close();
});

test("a server that is unreachable or too slow may be called again", async () => {
  const server = await startSpeechServer();
  const sound = { content: voiceNote("hello"), contentType: "audio/ogg" };
  server.instead(() => new Promise(() => {}));
  const stop = new AbortController();
  const asked = createTranscriber()(settings(server.baseUrl), sound, stop.signal);
  stop.abort();
  expect(await asked).toMatchObject({ code: "timeout", retryable: true });
  await server[Symbol.asyncDispose]();
  expect(await createTranscriber()(settings(server.baseUrl), sound, never)).toMatchObject({
    code: "server_unreachable",
    retryable: true,
  });
});
