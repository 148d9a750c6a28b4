import { CallError } from "./call-error.ts";
import { call } from "./http.ts";
import type { VisitorStore } from "./visitor-store.ts";
import type { WireVisitor } from "./wire.ts";

/** Who is chatting, and how the server knows. */
export interface Visitor {
  /** Null until there is a reason to be known: the first message, or `identify`. */
  known(): WireVisitor | null;
  /** A valid token; makes an anonymous visitor where there is none yet. */
  token(): Promise<string>;
  /** The host site vouches for somebody. Throws a CallError where its word is not good. */
  identify(identityToken: string): Promise<WireVisitor>;
  /** Forgets who the visitor was. */
  forget(): void;
}

/** A token that expires sooner than this is exchanged before it is used, milliseconds. */
const RENEW_BEFORE_MS = 10 * 60_000;

/** What one tab stores, the others see only a moment later, milliseconds. */
const SPREAD_MS = 250;

export function createVisitor(options: { base: string; store: VisitorStore; lockName: string }): Visitor {
  const { base, store } = options;
  let admission: Promise<WireVisitor> | null = null;

  /** One at a time, in all tabs of the browser: two would be two visitors. */
  function alone(task: () => Promise<WireVisitor>): Promise<WireVisitor> {
    admission ??= locked(task).finally(() => {
      admission = null;
    });
    return admission;
  }

  /** Keeps the lock a moment longer than the task takes, which nobody here waits for. */
  function locked(task: () => Promise<WireVisitor>): Promise<WireVisitor> {
    const { locks } = navigator;
    if (!locks) return task();
    return new Promise((resolve, reject) => {
      const alone = locks.request(options.lockName, async () => {
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
      // It may be good for some minutes yet; what uses it will say if not.
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
