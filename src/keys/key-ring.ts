import { timingSafeEqual } from "node:crypto";
import { isJsonObject, type Json } from "../core/json.ts";
import { hashSecret } from "./api-key.ts";

/** What a key says about whoever holds it. */
export interface KeyHolder {
  id: string;
  workspaceId: string;
  scopes: readonly string[];
  /** The key of the settings: may name another workspace. */
  operator: boolean;
}

/** The process-to-process notices this needs; best effort. */
export interface KeyNotices {
  publish(topic: string, data: Json, options: { remote: boolean }): void;
  subscribe(topic: string, listener: (data: Json) => void): () => void;
}

export interface KeyRing {
  /** Who holds this secret; null for a secret that is unknown or revoked. */
  lookup(secret: string): Promise<KeyHolder | null>;
  /** A key is revoked: forgotten here at once, and on every other process as soon as the notice is there. */
  forget(keyId: string): void;
  /** For what a key holds open: calls once it is revoked. Returns how to stop listening. */
  onRevoked(keyId: string, listener: () => void): () => void;
  stop(): void;
}

const TOPIC = "api-key-revoked";
/** How long a revoked key could live on where a notice was lost, milliseconds. */
const REMEMBER_MS = 2_000;
const REMEMBER_MOST = 10_000;

/** Remembers for a moment who holds which key, so that a busy caller does not cost a query per call. */
export function createKeyRing(deps: {
  find(hash: string): Promise<(KeyHolder & { hash: string }) | null>;
  /** Told now and then that a key is in use. */
  onUsed(keyId: string): void;
  notices: KeyNotices;
  now: () => number;
}): KeyRing {
  const known = new Map<string, { holder: KeyHolder; until: number }>();
  const listeners = new Map<string, Set<() => void>>();
  let revocations = 0;

  function evict(keyId: string): void {
    // A lookup under way may have read the key just before it went: what it found is not kept.
    revocations += 1;
    for (const [hash, { holder }] of known) if (holder.id === keyId) known.delete(hash);
    const told = listeners.get(keyId);
    listeners.delete(keyId);
    for (const tell of told ?? []) tell();
  }

  const unsubscribe = deps.notices.subscribe(TOPIC, (notice) => {
    const id = isJsonObject(notice) ? notice.key_id : null;
    if (typeof id === "string") evict(id);
  });

  return {
    async lookup(secret) {
      const hash = hashSecret(secret);
      const remembered = known.get(hash);
      if (remembered && remembered.until > deps.now()) return remembered.holder;
      known.delete(hash);
      const before = revocations;
      const found = await deps.find(hash);
      if (found === null || !timingSafeEqual(Buffer.from(found.hash), Buffer.from(hash))) return null;
      deps.onUsed(found.id);
      if (known.size >= REMEMBER_MOST) known.clear();
      if (revocations === before) known.set(hash, { holder: found, until: deps.now() + REMEMBER_MS });
      return found;
    },
    forget(keyId) {
      evict(keyId);
      deps.notices.publish(TOPIC, { key_id: keyId }, { remote: true });
    },
    onRevoked(keyId, listener) {
      const listening = listeners.get(keyId) ?? new Set();
      listeners.set(keyId, listening.add(listener));
      return () => {
        listening.delete(listener);
        if (listening.size === 0 && listeners.get(keyId) === listening) listeners.delete(keyId);
      };
    },
    stop: unsubscribe,
  };
}
