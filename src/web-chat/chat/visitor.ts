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

/** Other tabs see stored data after this time at the latest, milliseconds. */
const SPREAD_MS = 10_000;

export function createVisitor(options: { base: string; store: VisitorStore; lockName: string }): Visitor {
  const { base, store } = options;
  const announcement = `${options.lockName}=`;
  let admission: Promise<WireVisitor> | null = null;
  let wasKnown = false;
  let endAnnouncement = (): void => undefined;

  /** Runs one task at a time in all tabs of the browser, because two would create two visitors. */
  function alone(task: () => Promise<WireVisitor>): Promise<WireVisitor> {
    admission ??= exclusively(options.lockName, task).finally(() => {
      admission = null;
    });
    return admission;
  }

  /** Tells the visitor to other tabs in the name of a lock. They see stored data late, and names of locks at once. */
  async function announce(visitor: WireVisitor): Promise<void> {
    if (!store.isShared) return;
    await new Promise<void>((resolve) => {
      void exclusively(announcement + JSON.stringify(visitor), () => {
        resolve();
        return new Promise<void>((end) => {
          endAnnouncement = end;
          setTimeout(end, SPREAD_MS);
        });
      });
    });
  }

  /** The visitor that another tab has just created. A tab whose visitor was deleted needs a new one instead. */
  async function announced(): Promise<WireVisitor | null> {
    if (wasKnown || !store.isShared || !navigator.locks) return null;
    const { held } = await navigator.locks.query().catch(() => ({ held: [] as LockInfo[] }));
    const name = held?.find((lock) => lock.name?.startsWith(announcement))?.name;
    if (name) store.setVisitor(JSON.parse(name.slice(announcement.length)));
    return store.visitor();
  }

  async function admit(body: { identity_token?: string }): Promise<WireVisitor> {
    const visitor = await call<WireVisitor>("POST", `${base}/visitors`, { body });
    store.setVisitor(visitor);
    return visitor;
  }

  async function created(): Promise<WireVisitor> {
    const visitor = await admit({});
    await announce(visitor);
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
      wasKnown ||= known !== null;
      if (known && !isExpiring(known)) return known.token;
      if (known) return (await alone(() => renewed(known))).token;
      const { token } = await alone(async () => store.visitor() ?? (await announced()) ?? created());
      wasKnown = true;
      return token;
    },
    identify(identityToken) {
      endAnnouncement();
      return admit({ identity_token: identityToken });
    },
    forget() {
      endAnnouncement();
      store.wipe();
    },
  };
}

function isExpiring({ expires_at: at }: WireVisitor): boolean {
  return at !== null && Date.parse(at) - Date.now() < RENEW_BEFORE_MS;
}
