import { CallError } from "./call-error.ts";
import type { WireAttachment } from "./wire.ts";

/** A message that a person wants to send. */
export interface OutgoingMessage {
  content: string;
  /** The payload of the pressed quick reply. */
  payload?: string;
  attachments?: readonly WireAttachment[];
}

/** A message on its way to the server. */
export interface OutboxItem extends OutgoingMessage {
  clientId: string;
  /** `offline`: the server is not reachable. The message is sent as soon as it is. */
  state: "waiting" | "sending" | "offline" | "failed";
  /** The reason of the failure; null while the message may still arrive. */
  failure: CallError | null;
  createdAt: string;
}

export interface Outbox {
  items(): readonly OutboxItem[];
  add(message: OutgoingMessage): void;
  /** Tries failed messages again. */
  retry(): void;
  /** The connection may be back, so waiting messages are sent at once. */
  hurry(): void;
  remove(clientId: string): void;
}

/** Number of attempts with a server that answers with errors. After that the person must decide. */
const AUTOMATIC_TRIES = 3;
const FIRST_WAIT_MS = 700;
const LONGEST_WAIT_MS = 15_000;

/**
 * Sends messages one after another, each with its own id, so that a repeated send is harmless. A failed message holds
 * up those behind it, so the order is kept and no text is lost. An unreachable server is no failure: the outbox keeps
 * trying.
 */
export function createOutbox(options: { send(item: OutboxItem): Promise<void>; onChange(): void }): Outbox {
  let items: OutboxItem[] = [];
  let running = false;
  let wake = () => {};

  const update = (clientId: string, change: Partial<OutboxItem>) => {
    items = items.map((item) => (item.clientId === clientId ? { ...item, ...change } : item));
    options.onChange();
  };
  const isKept = (clientId: string) => items.some((item) => item.clientId === clientId);

  async function run(): Promise<void> {
    if (running) return;
    running = true;
    for (let head = items[0]; head && head.state !== "failed"; head = items[0]) {
      const { clientId } = head;
      const failure = await attempt(head);
      if (failure === null) {
        items = items.filter((item) => item.clientId !== clientId);
        options.onChange();
      } else if (isKept(clientId)) update(clientId, { state: "failed", failure });
    }
    running = false;
  }

  /** Null once it arrived (or was removed meanwhile), else the error. */
  async function attempt(item: OutboxItem): Promise<CallError | null> {
    let refusals = 0;
    for (let tries = 0; ; tries += 1) {
      update(item.clientId, { state: "sending", failure: null });
      const error = await outcome(item);
      if (error === null || !isKept(item.clientId)) return null;
      if (!error.unreached) refusals += 1;
      if (!error.passing || refusals === AUTOMATIC_TRIES) return error;
      update(item.clientId, { state: error.unreached ? "offline" : "waiting" });
      const waitMs = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** tries);
      await pause(Math.max(error.retryAfterMs ?? 0, waitMs));
    }
  }

  async function outcome(item: OutboxItem): Promise<CallError | null> {
    try {
      await options.send(item);
      return null;
    } catch (error) {
      return error instanceof CallError ? error : CallError.local(error);
    }
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  return {
    items: () => items,
    add(message) {
      const item = { ...message, clientId: newClientId(), createdAt: new Date().toISOString() };
      items = [...items, { ...item, state: "waiting", failure: null }];
      options.onChange();
      void run();
    },
    retry() {
      items = items.map((item) =>
        item.state === "failed" ? { ...item, state: "waiting", failure: null } : item,
      );
      options.onChange();
      void run();
    },
    hurry: () => wake(),
    remove(clientId) {
      items = items.filter((item) => item.clientId !== clientId);
      options.onChange();
      wake();
      void run();
    },
  };
}

/** 128 random bits. `crypto.randomUUID` exists on https pages only. */
export function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
