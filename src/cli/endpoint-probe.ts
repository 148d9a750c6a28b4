import { Agent, request } from "undici";
import type { BotResult } from "../bots/bot.ts";
import { readAnswer } from "../bots/webhook/answer.ts";
import { configSchema } from "../bots/webhook/config.ts";
import { postSigned } from "../bots/webhook/post.ts";
import { PROTOCOL_VERSION, type TurnRequest } from "../bots/webhook/request-body.ts";
import { newId } from "../core/ids.ts";
import { SIGNATURE_HEADER, signatureOf } from "../core/network/signature.ts";

/** The answer of an endpoint to one request. */
export interface ProbeAnswer {
  result: BotResult;
  contentType: string;
  /** The unparsed body. */
  text: string;
  /** The joined deltas of a stream; empty for JSON. */
  streamed: string;
  milliseconds: number;
}

/** Sends an endpoint valid and invalid requests. */
export interface EndpointProbe {
  /** Sends a signed turn. `changes` replace or add keys of the request. Throws a `BotError` like a real turn. */
  ask(changes?: Partial<TurnRequest> & Record<string, unknown>): Promise<ProbeAnswer>;
  /** The status of the answer to a turn with this signature (null: no signature). */
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
      const recorded = { ...response, headers: response.headers, body: recordChunks(response.body, chunks) };
      const result = await readAnswer(config, { ...recorded, statusCode: response.statusCode }, (text) => {
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

/** The signature that a body would have had some time ago. */
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
    user: { id: newId(), identifier: "check", name: "Check", language: null },
    participant_data: {},
    messages: [{ id: newId(), role: "user", content: "Hello", attachments: [] }],
  };
}

async function* recordChunks(
  body: AsyncIterable<Uint8Array>,
  chunks: Uint8Array[],
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    chunks.push(chunk);
    yield chunk;
  }
}
