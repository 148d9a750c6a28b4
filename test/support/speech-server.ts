import { buffer } from "node:stream/consumers";
import { startLoopbackServer } from "./loopback-server.ts";

/** A request to turn sound into words. */
export interface HeardRequest {
  fields: Record<string, string>;
  fileName: string;
  authorization: string | undefined;
}

/** A request to turn words into sound. */
export interface SpokenRequest {
  model: string;
  input: string;
  voice: string;
  response_format: string;
  instructions?: string;
}

/** An answer in place of the ordinary one. */
export interface OtherAnswer {
  status?: number;
  body: object | string;
  headers?: Record<string, string>;
}

export interface SpeechServer extends AsyncDisposable {
  baseUrl: string;
  heard: readonly HeardRequest[];
  spoken: readonly SpokenRequest[];
  /** Decides about each request: another answer, or null for the ordinary one. It may wait. */
  instead(decide: (path: string, call: number) => OtherAnswer | null | Promise<OtherAnswer | null>): void;
}

const WORDS = "\nwords:";

/** A voice message in Ogg/Opus that says these words, as far as the server below is concerned. */
export function voiceNote(words: string, seconds = 2): Buffer {
  const head = Buffer.from("OpusHead\x01\x01\0\0", "latin1");
  return Buffer.concat([
    oggPage(0, 2),
    head,
    Buffer.alloc(16),
    oggPage(seconds, 4),
    Buffer.from(WORDS + words),
  ]);
}

/** The same words in WebM, as browsers record it. */
export function recording(words: string): Buffer {
  const head = "1a45dfa39f4286810142f7810142f2810442f381084282847765626d42878104428581021853806701";
  return Buffer.concat([Buffer.from(head, "hex"), Buffer.from(WORDS + words)]);
}

function oggPage(seconds: number, flags: number): Buffer {
  const page = Buffer.alloc(28);
  page.write("OggS");
  page.writeUInt8(flags, 5);
  page.writeUInt8(1, 26);
  page.writeBigInt64LE(BigInt(seconds * 48_000), 6);
  return page;
}

/** A server with OpenAI's calls for sound. It hears the words of `voiceNote`, and speaks voice notes. */
export async function startSpeechServer(): Promise<SpeechServer> {
  const heard: HeardRequest[] = [];
  const spoken: SpokenRequest[] = [];
  let decide: Parameters<SpeechServer["instead"]>[0] = () => null;
  let calls = 0;
  const server = await startLoopbackServer(
    async (request, response) => {
      const path = request.url ?? "";
      const body = await buffer(request);
      const type = request.headers["content-type"] ?? "";
      const send = (
        status: number,
        content: object | string | Buffer,
        headers: Record<string, string> = {},
      ) => {
        const isRaw = typeof content === "string" || Buffer.isBuffer(content);
        response.writeHead(status, { "content-type": "application/json", ...headers });
        response.end(isRaw ? content : JSON.stringify(content));
      };
      calls += 1;
      const other = decide(path, calls);
      if (path === "/v1/audio/transcriptions") {
        const form = await new Response(new Uint8Array(body), {
          headers: { "content-type": type },
        }).formData();
        const file = form.get("file");
        if (!(file instanceof File)) return send(400, { error: { message: "no file" } });
        const fields = Object.fromEntries(
          [...form].flatMap(([name, value]) => (typeof value === "string" ? [[name, value]] : [])),
        );
        heard.push({ fields, fileName: file.name, authorization: request.headers.authorization });
        const answer = await other;
        if (answer) return send(answer.status ?? 200, answer.body, answer.headers);
        const [, words = ""] = Buffer.from(await file.arrayBuffer())
          .toString("utf8")
          .split(WORDS);
        return send(200, { text: ` ${words}`, language: "english", duration: 2 });
      }
      if (path === "/v1/audio/speech") {
        const asked = JSON.parse(body.toString("utf8")) as SpokenRequest;
        spoken.push(asked);
        const answer = await other;
        if (answer) return send(answer.status ?? 200, answer.body, answer.headers);
        return send(200, voiceNote(asked.input), { "content-type": "audio/ogg" });
      }
      return send(404, { error: { message: `no ${path}` } });
    },
    (response) => response.writeHead(500).end(),
  );
  return {
    baseUrl: `${server.origin}/v1`,
    heard,
    spoken,
    instead(next) {
      decide = next;
    },
    [Symbol.asyncDispose]: server.close,
  };
}
