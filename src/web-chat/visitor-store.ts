/** What a browser remembers of one channel: who the visitor is and which session was open. Never what was said. */
export interface VisitorStore {
  token: { get(): string | null; set(token: string | null): void };
  session: { get(): string | null; set(id: string | null): void };
}

/** Kept in localStorage; where that is blocked, until the page is closed. */
export function createVisitorStore(channel: string): VisitorStore {
  const memory = new Map<string, string>();
  const slot = (name: string) => {
    const key = `causeway:${channel}:${name}`;
    return {
      get(): string | null {
        try {
          return localStorage.getItem(key) ?? memory.get(key) ?? null;
        } catch {
          return memory.get(key) ?? null;
        }
      },
      set(value: string | null): void {
        if (value === null) memory.delete(key);
        else memory.set(key, value);
        try {
          if (value === null) localStorage.removeItem(key);
          else localStorage.setItem(key, value);
        } catch {
          // Storage is blocked or full: the memory above has it.
        }
      },
    };
  };
  return { token: slot("token"), session: slot("session") };
}
