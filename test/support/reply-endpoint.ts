import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { text } from "node:stream/consumers";
import { startLoopbackServer } from "./loopback-server.ts";

/** A request that the endpoint accepted, including repeated ones. */
export interface TakenPost {
  type: string;
  delivery_id: string;
  channel: string;
  session_id: string;
  message_id: string;
  part: number;
  content: string;
  buttons: { label: string; payload?: string; url?: string }[];
}

/** The fault for the next requests, which are then not accepted. */
export type EndpointFault =
  | { answer: number; headers?: Record<string, string> }
  /** The connection breaks: before the request is accepted, or after. */
  | { cut: "before" | "after" };

export interface ReplyEndpoint extends AsyncDisposable {
  url: string;
  secret: string;
  taken: readonly TakenPost[];
  /** The status of every answer, in order. */
  answers: readonly number[];
  fail(fault: EndpointFault, times?: number): void;
  /** Answers 500 to all posts of a session, until the returned function is called. */
  refuse(sessionId: string): () => void;
  /** Changes the secret, so that Causeway's signatures are refused. */
  changeSecret(): void;
  openConnections(): number;
  close(): Promise<void>;
}

/** An endpoint as an operator would write it for the replies of an API channel. It accepts only valid requests. */
export async function startReplyEndpoint(): Promise<ReplyEndpoint> {
  let secret = "reply-endpoint-secret-0123456789";
  const given = secret;
  const taken: TakenPost[] = [];
  const answers: number[] = [];
  const faults: EndpointFault[] = [];
  const refused = new Set<string>();

  function take(request: IncomingMessage, body: string): number {
    if (request.method !== "POST" || request.url !== "/replies") return 404;
    if (!isSigned(String(request.headers["x-causeway-signature"] ?? ""), body, secret)) return 401;
    if (request.headers["content-type"] !== "application/json") return 415;
    const { version, ...post } = JSON.parse(body) as TakenPost & { version: number };
    if (version !== 1 || post.delivery_id !== request.headers["idempotency-key"]) return 400;
    if (post.type !== request.headers["x-causeway-event"]) return 400;
    if (post.type === "message") taken.push(post);
    return 204;
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const fault = faults.shift();
    if (fault !== undefined && "cut" in fault) {
      if (fault.cut === "after") answers.push(take(request, body));
      request.socket.destroy();
      return;
    }
    const isRefused = [...refused].some((sessionId) => body.includes(sessionId));
    const status = fault?.answer ?? (isRefused ? 500 : take(request, body));
    answers.push(status);
    response.writeHead(status, fault?.headers ?? {}).end();
  }

  const server = await startLoopbackServer(handle, (response) => response.writeHead(500).end());
  const { close } = server;
  return {
    url: `${server.origin}/replies`,
    secret: given,
    taken,
    answers,
    fail(fault, times = 1) {
      faults.push(...Array.from({ length: times }, () => fault));
    },
    refuse(sessionId) {
      refused.add(sessionId);
      return () => refused.delete(sessionId);
    },
    changeSecret() {
      secret = "another-secret-0123456789";
    },
    openConnections: server.openConnections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Checks the signature as the documentation describes it, without our own code. */
function isSigned(header: string, body: string, secret: string): boolean {
  const [, time = "", digest = ""] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(header) ?? [];
  const expected = createHmac("sha256", secret).update(`${time}.${body}`).digest();
  const given = Buffer.from(digest, "hex");
  return (
    given.length === expected.length &&
    timingSafeEqual(given, expected) &&
    Math.abs(Date.now() / 1000 - Number(time)) < 300
  );
}
