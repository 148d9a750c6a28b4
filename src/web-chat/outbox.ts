import { CallError } from "./call-error.ts";

/** A message on its way to the server. */
export interface OutboxItem {
  clientId: string;
  content: string;
  state: "waiting" | "sending" | "failed";
  /** Why it failed, in words; null while it may still arrive. */
  reason: string | null;
}

export interface Outbox {
  items(): readonly OutboxItem[];
  add(content: string): void;
  /** Tries again what failed. */
  retry(): void;
  remove(clientId: string): void;
}

const AUTOMATIC_TRIES = 3;
const FIRST_WAIT_MS = 700;

/**
 * Sends messages one after the other, each under an id of its own, so that sending one again is harmless. One that
 * fails holds up those behind it: order is kept, and nothing typed is lost.
 */
export function createOutbox(options: { send(item: OutboxItem): Promise<void>; onChange(): void }): Outbox {
  let items: OutboxItem[] = [];
  let running = false;

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
      update(clientId, { state: "sending", reason: null });
      const failure = await attempt(head);
      if (failure === null) {
        items = items.filter((item) => item.clientId !== clientId);
        options.onChange();
      } else if (isKept(clientId)) update(clientId, { state: "failed", reason: failure });
    }
    running = false;
  }

  /** Null once it arrived (or was taken back meanwhile), else why it did not. */
  async function attempt(item: OutboxItem): Promise<string | null> {
    for (let tries = 1; ; tries += 1) {
      try {
        await options.send(item);
        return null;
      } catch (error) {
        if (!isKept(item.clientId)) return null;
        const passing = error instanceof CallError && error.passing;
        if (!passing || tries === AUTOMATIC_TRIES)
          return error instanceof Error ? error.message : String(error);
        const waitMs = Math.max(error.retryAfterMs ?? 0, FIRST_WAIT_MS * 2 ** (tries - 1));
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  return {
    items: () => items,
    add(content) {
      items = [...items, { clientId: newClientId(), content, state: "waiting", reason: null }];
      options.onChange();
      void run();
    },
    retry() {
      items = items.map((item) =>
        item.state === "failed" ? { ...item, state: "waiting", reason: null } : item,
      );
      options.onChange();
      void run();
    },
    remove(clientId) {
      items = items.filter((item) => item.clientId !== clientId);
      options.onChange();
      void run();
    },
  };
}

/** 128 random bits. `crypto.randomUUID` exists on https pages only. */
function newClientId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
