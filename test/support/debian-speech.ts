import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { startLoopbackServer } from "./loopback-server.ts";

const run = promisify(execFile);
const PROGRAMS = ["espeak-ng", "pocketsphinx_continuous", "opusenc", "opusdec"];

/** True if Debian's packages espeak-ng, pocketsphinx, pocketsphinx-en-us and opus-tools are installed. */
export const hasSpeech = (): boolean =>
  PROGRAMS.every((program) => spawnSync("which", [program]).status === 0);

export interface DebianSpeech extends AsyncDisposable {
  /** For `listen.baseUrl` and `speak.baseUrl`. */
  baseUrl: string;
  /** Says words aloud: Ogg/Opus. */
  say(words: string): Promise<Buffer>;
  /** Recognizes words, but only those of the sentences. */
  hear(sound: Buffer): Promise<string>;
}

/**
 * Programs that really speak and listen, behind OpenAI's calls for sound. The listener knows these sentences only: a
 * small model cannot distinguish all of English.
 */
export async function startDebianSpeech(sentences: readonly string[]): Promise<DebianSpeech> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-speech-"));
  const grammar = join(directory, "sentences.gram");
  const choices = sentences.map((sentence) => sentence.toLowerCase()).join(" | ");
  await writeFile(grammar, `#JSGF V1.0;\ngrammar sentences;\npublic <sentence> = ${choices};\n`);
  let files = 0;
  const fileOf = (extension: string) => join(directory, `${++files}.${extension}`);

  async function say(words: string): Promise<Buffer> {
    const [spoken, packed] = [fileOf("wav"), fileOf("ogg")];
    await run("espeak-ng", ["-v", "en-us", "-s", "130", "-w", spoken, words]);
    await run("opusenc", ["--quiet", spoken, packed]);
    return readFile(packed);
  }

  async function hear(sound: Buffer): Promise<string> {
    const [packed, plain] = [fileOf("ogg"), fileOf("wav")];
    await writeFile(packed, sound);
    await run("opusdec", ["--quiet", "--force-wav", "--rate", "16000", packed, plain]);
    const { stdout } = await run("pocketsphinx_continuous", [
      ...["-infile", plain, "-jsgf", grammar, "-logfn", "/dev/null"],
    ]);
    return stdout.trim().replaceAll("\n", " ");
  }

  const server = await startLoopbackServer(
    async (request, response) => {
      const body = await buffer(request);
      if (request.url === "/v1/audio/speech") {
        const { input } = JSON.parse(body.toString()) as { input: string };
        response.writeHead(200, { "content-type": "audio/ogg" }).end(await say(input));
        return;
      }
      const headers = { "content-type": request.headers["content-type"] ?? "" };
      const file = (await new Response(new Uint8Array(body), { headers }).formData()).get("file");
      const text = file instanceof File ? await hear(Buffer.from(await file.arrayBuffer())) : "";
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ text }));
    },
    (response) => response.writeHead(500).end(),
  );
  return {
    baseUrl: `${server.origin}/v1`,
    say,
    hear,
    async [Symbol.asyncDispose]() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
