import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Pool, PoolClient } from "pg";
import { watchPulse } from "../storage/connection-pulse.ts";
import type { NoticeTransport } from "./notice-transport.ts";

const CHANNEL = "causeway_notices";
/** NOTIFY takes payloads under 8,000 bytes; a longer text travels in pieces. */
const PAYLOAD_BYTES = 7_900;
/** A piece's share, in base64, after its heading of a UUID and two numbers. */
const PIECE_CHARACTERS = 7_800;
const RETRY_MS = 250;

/** Notices by LISTEN and NOTIFY. */
export function postgresNotices(options: {
  queries: Pool;
  /** A connection of its own, waiting out a server that is away. */
  connect: () => Promise<PoolClient>;
}): NoticeTransport {
  return {
    async send(texts) {
      // One statement for all. Each payload is made unique: Postgres drops repeated ones of one transaction.
      const payloads = texts.flatMap((text) => toPayloads(text));
      await options.queries.query({
        name: "causeway_notify",
        text: "SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload",
        values: [CHANNEL, payloads],
      });
    },
    listen: (onText) => listen(options.connect, onText),
  };
}

async function listen(connect: () => Promise<PoolClient>, onText: (text: string) => void) {
  const assemble = createAssembler(onText);
  let current: PoolClient | null = null;
  let stopWatching = () => {};
  let stopped = false;

  async function start(): Promise<void> {
    const client = await connect();
    if (stopped) return client.release(true);
    current = client;
    let listening = false;
    client.on("notification", (notice) => {
      if (notice.channel === CHANNEL) assemble(notice.payload ?? "");
    });
    // Listening on: the server's last words and the broken socket are two errors of one connection.
    const onLost = () => {
      stopAsking();
      client.release(true);
      if (stopped || !listening) return;
      listening = false;
      void restart();
    };
    const stopAsking = watchPulse(client, onLost);
    stopWatching = stopAsking;
    client.on("error", onLost);
    await client.query(`LISTEN ${CHANNEL}`);
    listening = true;
  }

  async function restart(): Promise<void> {
    while (!stopped) {
      try {
        return await start();
      } catch {
        // The connection was lost again between connecting and listening.
        await delay(RETRY_MS);
      }
    }
  }

  await start();
  return async () => {
    stopped = true;
    stopWatching();
    current?.removeAllListeners("notification");
    current?.release(true);
  };
}

/** `<id> 1 1 <text>`, or `<id> <piece> <pieces> <base64>` where the text is too long for one. */
function toPayloads(text: string): string[] {
  const id = randomUUID();
  const whole = `${id} 1 1 ${text}`;
  if (Buffer.byteLength(whole) <= PAYLOAD_BYTES) return [whole];
  const encoded = Buffer.from(text).toString("base64");
  const pieces = Math.ceil(encoded.length / PIECE_CHARACTERS);
  return Array.from({ length: pieces }, (_, index) => {
    const piece = encoded.slice(index * PIECE_CHARACTERS, (index + 1) * PIECE_CHARACTERS);
    return `${id} ${index + 1} ${pieces} ${piece}`;
  });
}

/** Pieces of one text arrive in order and without others between, as one transaction sent them. */
function createAssembler(onText: (text: string) => void): (payload: string) => void {
  let id = "";
  let gathered: string[] = [];
  return (payload) => {
    const heading = /^(\S+) (\d+) (\d+) /.exec(payload);
    if (!heading) return;
    const [all, textId = "", piece, pieces] = heading;
    const body = payload.slice(all.length);
    if (pieces === "1") return onText(body);
    if (textId !== id) {
      id = textId;
      gathered = [];
    }
    gathered.push(body);
    if (piece === pieces && gathered.length === Number(pieces)) {
      onText(Buffer.from(gathered.join(""), "base64").toString());
    }
  };
}
