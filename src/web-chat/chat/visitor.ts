import { CallError } from "./call-error.ts";
import { exclusively } from "./exclusive.ts";
import { call } from "./http.ts";
import type { VisitorStore } from "./visitor-store.ts";
import type { WireVisitor } from "./wire.ts";

/** The visitor of the chat, with the token that the server knows. */
export interface Visitor {
  /** Null until the server must know the visitor: for the first message, or for `identify`. */
  known(): WireVisitor | null;
  /** A valid token. Creates an anonymous visitor if there is none yet. */
  token(): Promise<string>;
  /** Signs in a user that the host site confirms. Throws a CallError if the server refuses the token. */
  identify(identityToken: string): Promise<WireVisitor>;
  /** Deletes the stored visitor. */
  forget(): void;
}

/** A token that expires sooner than this is exchanged before use, milliseconds. */
const RENEW_BEFORE_MS = 10 * 60_000;

/** Other tabs see stored data only after this delay, milliseconds. */
const SPREAD_MS = 250;

export function createVisitor(options: { base: string; store: VisitorStore; lockName: string }): Visitor {
  const { base, store } = options;
  let admission: Promise<WireVisitor> | null = null;

  /** Runs one task at a time in all tabs of the browser, because two would create two visitors. */
  function alone(task: () => Promise<WireVisitor>): Promise<WireVisitor> {
    admission ??= locked(task).finally(() => {
      admission = null;
    });
    return admission;
  }

  /** Keeps the lock a moment longer than the task runs. The caller does not wait for that. */
  function locked(task: () => Promise<WireVisitor>): Promise<WireVisitor> {
    return new Promise((resolve, reject) => {
      const alone = exclusively(options.lockName, async () => {
        resolve(await task());
        await new Promise((spread) => setTimeout(spread, SPREAD_MS));
      });
      alone.catch(reject);
    });
  }

  async function admit(body: { identity_token?: string }): Promise<WireVisitor> {
    const visitor = await call<WireVisitor>("POST", `${base}/visitors`, { body });
    store.setVisitor(visitor);
    return visitor;
  }

  async function renewed(visitor: WireVisitor): Promise<WireVisitor> {
    const current = store.visitor() ?? visitor;
    if (!isExpiring(current)) return current;
    try {
      const next = await call<WireVisitor>("POST", `${base}/visitors/renew`, {
        token: current.token,
        body: {},
      });
      store.setVisitor(next);
      return next;
    } catch (error) {
      // The token may be valid for some more minutes. If it is not, the next call fails.
      if (error instanceof CallError && error.passing) return current;
      throw error;
    }
  }

  return {
    known: () => store.visitor(),
    async token() {
      const known = store.visitor();
      if (known && !isExpiring(known)) return known.token;
      if (known) return (await alone(() => renewed(known))).token;
      return (await alone(async () => store.visitor() ?? (await admit({})))).token;
    },
    identify: (identityToken) => admit({ identity_token: identityToken }),
    forget: () => store.wipe(),
  };
}

function isExpiring({ expires_at: at }: WireVisitor): boolean {
  return at !== null && Date.parse(at) - Date.now() < RENEW_BEFORE_MS;
}
