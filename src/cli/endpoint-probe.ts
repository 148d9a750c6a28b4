import { Agent, request } from "undici";
import type { BotResult } from "../bots/bot.ts";
import { readAnswer } from "../bots/webhook/answer.ts";
import { configSchema } from "../bots/webhook/config.ts";
import { postSigned } from "../bots/webhook/post.ts";
import { PROTOCOL_VERSION, type TurnRequest } from "../bots/webhook/request-body.ts";
import { newId } from "../core/ids.ts";
import { SIGNATURE_HEADER, signatureOf } from "../core/signature.ts";

/** What an endpoint answered to one question. */
export interface Heard {
  result: BotResult;
  contentType: string;
  /** The body as it came. */
  text: string;
  /** The deltas of a stream, put together; empty for JSON. */
  streamed: string;
  milliseconds: number;
}

/** Asks an endpoint what Causeway would ask it, and what it would not. */
export interface EndpointProbe {
  /** A signed turn; `changes` replace or add keys of the request. Throws a `BotError` as a turn would. */
  ask(changes?: Partial<TurnRequest> & Record<string, unknown>): Promise<Heard>;
  /** The status that a turn with this signature (null: none) gets. */
  statusFor(signature: (body: string) => string | null): Promise<number>;
  cancel(executionId: string): Promise<number>;
  secret: string;
  close(): Promise<void>;
}

export function createProbe(options: {
  url: string;
  secret: string;
  timeoutMs: number;
  headers?: Record<string, string>;
}): EndpointProbe {
  const config = configSchema.parse(options);
  const dispatcher = new Agent();
  const deadline = () => AbortSignal.timeout(options.timeoutMs);

  return {
    secret: options.secret,
    async ask(changes = {}) {
      const turn: TurnRequest = { ...aTurn(), ...changes };
      const body = JSON.stringify(turn);
      const ids = { executionId: turn.execution_id, deliveryId: turn.delivery_id };
      const startedAt = performance.now();
      const response = await postSigned(config, dispatcher, {
        type: "turn",
        ...ids,
        body,
        signal: deadline(),
      });
      const chunks: Uint8Array[] = [];
      let streamed = "";
      const overheard = { ...response, headers: response.headers, body: keeping(response.body, chunks) };
      const result = await readAnswer(config, { ...overheard, statusCode: response.statusCode }, (text) => {
        streamed += text;
      });
      return {
        result,
        contentType: String(response.headers["content-type"]),
        text: Buffer.concat(chunks).toString("utf8"),
        streamed,
        milliseconds: Math.round(performance.now() - startedAt),
      };
    },
    async statusFor(signature) {
      const body = JSON.stringify(aTurn());
      const signed = signature(body);
      const { statusCode, body: answer } = await request(config.url, {
        method: "POST",
        dispatcher,
        signal: deadline(),
        headers: {
          "content-type": "application/json",
          "x-causeway-event": "turn",
          ...(signed !== null && { [SIGNATURE_HEADER]: signed }),
        },
        body,
      });
      await answer.dump();
      return statusCode;
    },
    async cancel(executionId) {
      const deliveryId = newId();
      const ids = { delivery_id: deliveryId, execution_id: executionId };
      const body = JSON.stringify({
        version: PROTOCOL_VERSION,
        type: "cancel",
        ...ids,
        reason: "cancelled",
      });
      const response = await postSigned(config, dispatcher, {
        type: "cancel",
        executionId,
        deliveryId,
        body,
        signal: deadline(),
      });
      await response.body.dump();
      return response.statusCode;
    },
    close: () => dispatcher.destroy(),
  };
}

/** The signature of a body as it would have been some time ago. */
export function signedAgo(secret: string, body: string, milliseconds: number): string {
  return signatureOf(secret, body, new Date(Date.now() - milliseconds));
}

function aTurn(): TurnRequest {
  return {
    version: PROTOCOL_VERSION,
    type: "turn",
    delivery_id: newId(),
    execution_id: newId(),
    agent: { id: newId(), slug: "check", version: 1 },
    session: { id: newId(), channel: "check", metadata: {} },
    user: { id: newId(), identifier: "check", name: "Check" },
    participant_data: {},
    messages: [{ id: newId(), role: "user", content: "Hello", attachments: [] }],
  };
}

async function* keeping(body: AsyncIterable<Uint8Array>, chunks: Uint8Array[]): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
}
