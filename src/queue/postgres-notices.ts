import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { PgPoolClient } from "bullmq";
import type { Pool } from "pg";
import type { NoticeTransport } from "./notice-transport.ts";

const CHANNEL = "causeway_notices";
/** NOTIFY takes payloads under 8,000 bytes. A longer text is sent in pieces. */
const PAYLOAD_BYTES = 7_900;
/** Base64 characters of one piece, after its header of a UUID and two numbers. */
const PIECE_CHARACTERS = 7_800;
const RETRY_MS = 250;

/** Notices with LISTEN and NOTIFY. */
export function postgresNotices(options: {
  queries: Pool;
  /** Returns a connection to listen on, and waits if the server is down. It reports an error if it goes silent. */
  connect: () => Promise<PgPoolClient>;
}): NoticeTransport {
  return {
    async send(texts) {
      // One statement sends all texts. Each payload is unique, because Postgres drops duplicates within a transaction.
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

async function listen(connect: () => Promise<PgPoolClient>, onText: (text: string) => void) {
  const assemble = createAssembler(onText);
  let current: PgPoolClient | null = null;
  let stopped = false;

  async function start(): Promise<void> {
    const client = await connect();
    if (stopped) return client.release(true);
    current = client;
    let listening = false;
    client.on("notification", (notice) => {
      if (notice.channel === CHANNEL) assemble(notice.payload ?? "");
    });
    // Runs twice for one connection: the server's last message and the broken socket are separate errors.
    const onLost = () => {
      client.release(true);
      if (stopped || !listening) return;
      listening = false;
      void restart();
    };
    client.on("error", onLost);
    try {
      await client.query(`LISTEN ${CHANNEL}`);
    } catch (error) {
      client.removeAllListeners("notification");
      client.release(true);
      throw error;
    }
    listening = true;
  }

  async function restart(): Promise<void> {
    while (!stopped) {
      try {
        return await start();
      } catch {
        // The connection was lost again before LISTEN was active.
        await delay(RETRY_MS);
      }
    }
  }

  await start();
  return async () => {
    stopped = true;
    current?.removeAllListeners("notification");
    current?.release(true);
  };
}

/** Format: `<id> 1 1 <text>`, or `<id> <piece> <pieces> <base64>` if the text is too long for one payload. */
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

/**
 * Joins the pieces of a text. They arrive in order and without other payloads in between, since one transaction sends
 * them.
 */
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
