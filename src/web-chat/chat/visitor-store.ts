import type { WireVisitor } from "./wire.ts";

/** How long a browser remembers who the visitor is: until told otherwise, until the tab is closed, or not at all. */
export type Persistence = "local" | "session" | "none";

/** What a browser remembers of one channel: who the visitor is and which session was open. Never what was said. */
export interface VisitorStore {
  visitor(): WireVisitor | null;
  setVisitor(visitor: WireVisitor | null): void;
  /** The session of this tab, or else the one used last. */
  session(): string | null;
  setSession(id: string | null): void;
  /** Forgets everything. */
  wipe(): void;
}

/** @param scope keeps channels and servers apart; its keys begin with it. */
export function createVisitorStore(scope: string, persistence: Persistence): VisitorStore {
  const memory = createMemory();
  const lasting = persistence === "local" ? storage("localStorage", memory) : memory;
  const ofTab = persistence === "none" ? memory : storage("sessionStorage", memory);
  const visitors = persistence === "local" ? lasting : ofTab;
  const visitorKey = `causeway:${scope}:visitor`;
  const sessionKey = `causeway:${scope}:session`;
  return {
    visitor() {
      try {
        const kept: unknown = JSON.parse(visitors.get(visitorKey) ?? "null");
        return isVisitor(kept) ? kept : null;
      } catch {
        return null;
      }
    },
    setVisitor: (visitor) => visitors.set(visitorKey, visitor && JSON.stringify(visitor)),
    session: () => ofTab.get(sessionKey) ?? lasting.get(sessionKey),
    setSession(id) {
      ofTab.set(sessionKey, id);
      lasting.set(sessionKey, id);
    },
    wipe() {
      for (const place of [ofTab, lasting]) for (const key of [visitorKey, sessionKey]) place.set(key, null);
    },
  };
}

interface Place {
  get(key: string): string | null;
  set(key: string, value: string | null): void;
}

function createMemory(): Place {
  const values = new Map<string, string>();
  return {
    get: (key) => values.get(key) ?? null,
    set(key, value) {
      if (value === null) values.delete(key);
      else values.set(key, value);
    },
  };
}

/** A browser's storage; where that is blocked or full, memory has it until the page is closed. */
function storage(name: "localStorage" | "sessionStorage", memory: Place): Place {
  return {
    get(key) {
      try {
        return globalThis[name].getItem(key) ?? memory.get(`${name} ${key}`);
      } catch {
        return memory.get(`${name} ${key}`);
      }
    },
    set(key, value) {
      memory.set(`${name} ${key}`, value);
      try {
        if (value === null) globalThis[name].removeItem(key);
        else globalThis[name].setItem(key, value);
      } catch {
        // The memory above has it.
      }
    },
  };
}

function isVisitor(value: unknown): value is WireVisitor {
  return typeof value === "object" && value !== null && "token" in value && typeof value.token === "string";
}
