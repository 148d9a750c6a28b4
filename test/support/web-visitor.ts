import { randomUUID } from "node:crypto";
import { createEventReader, type ReceivedEvent } from "../../src/web-chat/chat/event-reader.ts";

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** Calls a web channel as a browser page would. */
export async function callWeb(
  url: string,
  method: string,
  path: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(`${url}/web/web${path}`, {
    method,
    headers: {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...(options.body === undefined ? {} : { "content-type": "application/json" }),
      ...options.headers,
    },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}

/** A person who chats on the channel `web`. */
export interface WebVisitor {
  token: string;
  call(method: string, path: string, body?: unknown): Promise<Answer>;
  openSession(): Promise<string>;
  send(sessionId: string, content: string, clientMessageId?: string): Promise<Answer>;
  /** Opens the event stream of a session. `url` selects another process, if the test has several. */
  events(sessionId: string, options?: { after?: number; url?: string }): Promise<WebEvents>;
  /**
   * Opens the stream of all sessions. It carries all events of the sessions in `open`, and only the states of the
   * others.
   */
  allEvents(open?: Record<string, number>): Promise<WebEvents>;
}

export interface WebEvents extends Disposable {
  status: number;
  /** All events received so far. */
  received: ReceivedEvent[];
  /** The stored messages among them, in the order of arrival. */
  messages(): { seq: number; content: string; role: string }[];
  ended: Promise<void>;
  close(): void;
}

export async function newVisitor(url: string, body: unknown = {}): Promise<WebVisitor> {
  const admitted = await callWeb(url, "POST", "/visitors", { body });
  if (admitted.status !== 201)
    throw new Error(`not admitted: ${admitted.status} ${JSON.stringify(admitted.body)}`);
  return visitorWith(url, admitted.body.token);
}

export function visitorWith(url: string, token: string): WebVisitor {
  const call = (method: string, path: string, body?: unknown) =>
    callWeb(url, method, path, { token, ...(body === undefined ? {} : { body }) });
  return {
    token,
    call,
    async openSession() {
      const { body } = await call("POST", "/sessions", {});
      return body.id;
    },
    send: (sessionId, content, clientMessageId = randomUUID()) =>
      call("POST", `/sessions/${sessionId}/messages`, { content, client_message_id: clientMessageId }),
    allEvents: (open = {}) => {
      const list = Object.entries(open).map(([id, seq]) => `${id}:${seq}`);
      return openEvents(
        `${url}/web/web/events${list.length > 0 ? `?open=${list.join(",")}` : ""}`,
        token,
        undefined,
      );
    },
    events: (sessionId, options = {}) =>
      openEvents(`${options.url ?? url}/web/web/sessions/${sessionId}/events`, token, options.after),
  };
}

async function openEvents(address: string, token: string, after: number | undefined): Promise<WebEvents> {
  const stop = new AbortController();
  const response = await fetch(address, {
    headers: {
      authorization: `Bearer ${token}`,
      ...(after === undefined ? {} : { "last-event-id": String(after) }),
    },
    signal: stop.signal,
  });
  const received: ReceivedEvent[] = [];
  const read = createEventReader();
  const decoder = new TextDecoder();
  const consume = async () => {
    for await (const bytes of response.body ?? [])
      received.push(...read(decoder.decode(bytes, { stream: true })));
  };
  return {
    status: response.status,
    received,
    messages: () => received.filter(({ event }) => event === "message").map(({ data }) => JSON.parse(data)),
    ended: consume().catch(() => undefined),
    close: () => stop.abort(),
    [Symbol.dispose]: () => stop.abort(),
  };
}
