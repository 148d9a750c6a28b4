import { InputFile, type Transformer } from "grammy";
import { createHttpClient, type HttpOutcome } from "../http-client.ts";

/**
 * A call without a Bot API answer. It carries no message or cause of the HTTP client. Those contain the URL, and every
 * URL of the Bot API contains the token.
 */
export class TransportError extends Error {
  /** True if the request may have reached the server. False is certain: no part of it was sent. */
  readonly sent: boolean;
  /** The system's error code (`ECONNREFUSED`), or `timeout`, `aborted`, `not_json`. */
  readonly code: string;
  /** The HTTP status, if another server answered (a proxy, a gateway). */
  readonly status: number | null;

  constructor(sent: boolean, code: string, status: number | null = null) {
    super(
      status === null ? `no answer from the Bot API (${code})` : `HTTP ${status} without a Bot API answer`,
    );
    this.name = "TransportError";
    this.sent = sent;
    this.code = code;
    this.status = status;
  }
}

export interface Transport {
  /** Answers grammY's calls below `root`, each within `timeoutMs`. Rejects only with `TransportError`. */
  answering(root: string, timeoutMs: number): Transformer;
  /** Closes every connection; later calls fail as not sent. */
  close(): Promise<void>;
}

/** One answer can contain a hundred updates, each of which may be long. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

const HEADERS = { "content-type": "application/json" };

/**
 * The Bot API over our HTTP client: about twice the calls per second of `fetch`. It replaces grammY's own calls, which
 * create signals, timers and races for every call. Only spoken replies are uploaded; other files are URLs.
 */
export function createTransport(): Transport {
  const client = createHttpClient({ connections: 128, maxBodyBytes: MAX_BODY_BYTES });
  return {
    answering(root, timeoutMs) {
      return async (previous, method, payload, signal) => {
        const outcome = await client.call({
          method: "POST",
          url: new URL(`${root}/${method}`),
          ...(await bodyOf(payload)),
          timeoutMs,
          signal,
        });
        // The result of a method is not checked, as in grammY.
        return answerOf(outcome) as Awaited<ReturnType<typeof previous>>;
      };
    },
    close: () => client.close(),
  };
}

/** JSON, or a form for a call with an upload (Bot API, "Sending files"). */
async function bodyOf(payload: object): Promise<{ headers: Record<string, string>; body: string | Buffer }> {
  const fields = Object.entries(payload).filter(([, value]) => value !== undefined);
  if (!fields.some(([, value]) => value instanceof InputFile))
    return { headers: HEADERS, body: JSON.stringify(payload) };
  const form = new FormData();
  for (const [name, value] of fields) {
    if (value instanceof InputFile) form.set(name, new Blob([await contentOf(value)]), value.filename);
    else form.set(name, typeof value === "string" ? value : JSON.stringify(value));
  }
  const request = new Response(form);
  const type = request.headers.get("content-type") ?? "";
  return { headers: { "content-type": type }, body: Buffer.from(await request.arrayBuffer()) };
}

async function contentOf(file: InputFile): Promise<Uint8Array<ArrayBuffer>> {
  const raw = await file.toRaw();
  if (raw instanceof Uint8Array) return new Uint8Array(raw);
  const chunks: Uint8Array[] = [];
  for await (const chunk of raw) chunks.push(chunk);
  return new Uint8Array(Buffer.concat(chunks));
}

/** The answer in the Bot API's form, `{ ok, … }`; a refusal always has its `error_code`. */
function answerOf(outcome: HttpOutcome): object {
  if (outcome.kind !== "answered") throw new TransportError(outcome.kind === "unanswered", outcome.code);
  const { status, body } = outcome;
  if (body === null) throw new TransportError(true, "answer_cut");
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new TransportError(true, "not_json", status);
  }
  if (typeof answer !== "object" || answer === null || !("ok" in answer) || typeof answer.ok !== "boolean")
    throw new TransportError(true, "not_bot_api", status);
  if (answer.ok || ("error_code" in answer && typeof answer.error_code === "number")) return answer;
  return { ...answer, error_code: status };
}
