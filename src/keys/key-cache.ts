import { timingSafeEqual } from "node:crypto";
import { isJsonObject, type Json } from "../core/text/json.ts";
import { hashSecret } from "./api-key.ts";

/** The identity and rights of a key's holder. */
export interface KeyHolder {
  id: string;
  workspaceId: string;
  scopes: readonly string[];
  /** True for the key from the settings, which may select another workspace. */
  operator: boolean;
}

/** The notices between processes that the key cache needs; best effort. */
export interface KeyNotices {
  publish(topic: string, data: Json, options: { remote: boolean }): void;
  subscribe(topic: string, listener: (data: Json) => void): () => void;
}

export interface KeyCache {
  /** Returns the holder of this secret. Null if the secret is unknown or revoked. */
  lookup(secret: string): Promise<KeyHolder | null>;
  /** Drops a revoked key: here at once, and on every other process when the notice arrives. */
  revoke(keyId: string): void;
  /** Calls the listener when the key is revoked, to close its open connections. Returns a function that stops it. */
  onRevoked(keyId: string, listener: () => void): () => void;
  stop(): void;
}

const TOPIC = "api-key-revoked";
/** Time for which a revoked key may stay valid if a notice is lost, in milliseconds. */
const CACHE_MS = 2_000;
const CACHE_SIZE = 10_000;

/** Caches the holders of keys for a short time. So a busy caller does not cost a query per call. */
export function createKeyCache(deps: {
  find(hash: string): Promise<(KeyHolder & { hash: string }) | null>;
  /** Reports from time to time that a key is in use. */
  onUsed(keyId: string): void;
  notices: KeyNotices;
  now: () => number;
}): KeyCache {
  const cached = new Map<string, { holder: KeyHolder; until: number }>();
  const listeners = new Map<string, Set<() => void>>();
  let revocations = 0;

  function remove(keyId: string): void {
    // A running lookup may have read the key just before its deletion. This counter keeps its result out of the cache.
    revocations += 1;
    for (const [hash, { holder }] of cached) if (holder.id === keyId) cached.delete(hash);
    const toNotify = listeners.get(keyId);
    listeners.delete(keyId);
    for (const notify of toNotify ?? []) notify();
  }

  const unsubscribe = deps.notices.subscribe(TOPIC, (notice) => {
    const id = isJsonObject(notice) ? notice.key_id : null;
    if (typeof id === "string") remove(id);
  });

  return {
    async lookup(secret) {
      const hash = hashSecret(secret);
      const entry = cached.get(hash);
      if (entry && entry.until > deps.now()) return entry.holder;
      cached.delete(hash);
      const before = revocations;
      const found = await deps.find(hash);
      if (found === null || !timingSafeEqual(Buffer.from(found.hash), Buffer.from(hash))) return null;
      deps.onUsed(found.id);
      if (cached.size >= CACHE_SIZE) cached.clear();
      if (revocations === before) cached.set(hash, { holder: found, until: deps.now() + CACHE_MS });
      return found;
    },
    revoke(keyId) {
      remove(keyId);
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
