import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type WebSocket, WebSocketServer } from "ws";
import type { World } from "../world.ts";
import type { SlackApp } from "./app.ts";

interface Envelope {
  type: "events_api" | "interactive";
  name: string;
  payload: object;
}

export interface SlackSockets {
  isOpen(): boolean;
  /** Resolves with true when the envelope is acknowledged, or with false after Slack's patience. */
  send(envelope: Envelope): Promise<boolean>;
  /** A path for the next connection, valid once. */
  ticket(): string;
  /** Takes over a connection with a ticket of this app. */
  take(ticket: string, request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

const PATIENCE_MS = 3_000;
const MOST_SOCKETS = 10;
const MOST_ATTEMPTS = 4;

/** Socket Mode: the app opens WebSockets, and acknowledges each envelope (docs.slack.dev, Using Socket Mode). */
export function createSockets(world: World, app: SlackApp): SlackSockets {
  const server = new WebSocketServer({ noServer: true });
  const clients = new Set<WebSocket>();
  const tickets = new Set<string>();
  const waiting = new Map<string, (payload: unknown) => void>();
  let lastEnvelope = 0;

  function greet(client: WebSocket): void {
    clients.add(client);
    client.once("close", () => clients.delete(client));
    client.on("error", () => undefined);
    client.on("message", (data) => {
      const { envelope_id: id = "", payload } = parse(String(data));
      waiting.get(id)?.(payload ?? {});
    });
    const hello = { type: "hello", num_connections: clients.size, connection_info: { app_id: app.ids.app } };
    client.send(
      JSON.stringify({ ...hello, debug_info: { host: "simulator", approximate_connection_time: 3600 } }),
    );
  }

  async function send({ type, name, payload }: Envelope): Promise<boolean> {
    const envelope_id = `envelope-${++lastEnvelope}`;
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const client = [...clients][attempt % Math.max(1, clients.size)];
      if (client === undefined) return false;
      const retry =
        attempt === 0 ? { retry_attempt: 0 } : { retry_attempt: attempt, retry_reason: "timeout" };
      const envelope = { envelope_id, type, payload, accepts_response_payload: false, ...retry };
      const startedAt = performance.now();
      const answer = await acknowledged(client, envelope_id, JSON.stringify(envelope));
      world.log.add({
        at: new Date(world.clock.now()).toISOString(),
        platform: "slack",
        direction: "event",
        name,
        request: { method: "WS", url: "socket", headers: {}, body: JSON.stringify(envelope) },
        answer: answer === undefined ? null : { status: 200, headers: {}, body: JSON.stringify(answer) },
        trouble: answer === undefined ? "not acknowledged" : null,
        milliseconds: Math.round(performance.now() - startedAt),
      });
      if (answer !== undefined) return true;
      if (world.ended.aborted) return false;
    }
    return false;
  }

  function acknowledged(client: WebSocket, id: string, text: string): Promise<unknown> {
    return new Promise((resolve) => {
      const end = (payload?: unknown) => {
        clearTimeout(timer);
        client.off("close", end);
        waiting.delete(id);
        resolve(payload);
      };
      const timer = setTimeout(() => end(), PATIENCE_MS);
      client.once("close", () => end());
      waiting.set(id, end);
      client.send(text);
    });
  }

  return {
    isOpen: () => clients.size > 0,
    send,
    ticket() {
      const ticket = `${app.ids.app}-${tickets.size}-${++lastEnvelope}`;
      tickets.add(ticket);
      return ticket;
    },
    take(ticket, request, socket, head) {
      if (!tickets.delete(ticket) || clients.size >= MOST_SOCKETS) return false;
      server.handleUpgrade(request, socket, head, greet);
      return true;
    },
    close() {
      for (const client of clients) client.terminate();
      server.close();
    },
  };
}

function parse(text: string): { envelope_id?: string; payload?: unknown } {
  try {
    return JSON.parse(text) as { envelope_id?: string };
  } catch {
    return {};
  }
}
