import type { WireVisitor } from "./wire.ts";

/** The time that a browser remembers the visitor: until the sign-out, until the tab is closed, or not at all. */
export type Persistence = "local" | "session" | "none";

/** A browser's data for one channel: the visitor and the open session, but never messages. */
export interface VisitorStore {
  /** True if all tabs of the browser have one visitor. */
  isShared: boolean;
  visitor(): WireVisitor | null;
  setVisitor(visitor: WireVisitor | null): void;
  /** The session of this tab, or else the last used one. */
  session(): string | null;
  setSession(id: string | null): void;
  /** The draft in a session of this tab, or (null) in a new chat. */
  draft(sessionId: string | null): string;
  setDraft(sessionId: string | null, text: string): void;
  /** Deletes everything. */
  wipe(): void;
}

/** @param scope separates channels and servers; its keys begin with it. */
export function createVisitorStore(scope: string, persistence: Persistence): VisitorStore {
  const memory = createMemory();
  const lasting = persistence === "local" ? storage("localStorage", memory) : memory;
  const ofTab = persistence === "none" ? memory : storage("sessionStorage", memory);
  const visitors = persistence === "local" ? lasting : ofTab;
  const visitorKey = `causeway:${scope}:visitor`;
  const sessionKey = `causeway:${scope}:session`;
  const draftKey = `causeway:${scope}:draft`;
  /** Kept by the element. */
  const openKey = `causeway:${scope}:open`;
  return {
    isShared: persistence === "local",
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
    draft(sessionId) {
      const kept = ofTab.get(draftKey) ?? "";
      const [session, ...text] = kept.split("\n");
      return session === (sessionId ?? "") ? text.join("\n") : "";
    },
    setDraft: (sessionId, text) => ofTab.set(draftKey, text === "" ? null : `${sessionId ?? ""}\n${text}`),
    wipe() {
      for (const place of [ofTab, lasting])
        for (const key of [visitorKey, sessionKey, draftKey, openKey]) place.set(key, null);
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

/** A browser's storage. If it is blocked or full, memory keeps the data until the page is closed. */
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
        // The memory above has the data.
      }
    },
  };
}

function isVisitor(value: unknown): value is WireVisitor {
  return typeof value === "object" && value !== null && "token" in value && typeof value.token === "string";
}
