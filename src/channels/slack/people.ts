import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/logger.ts";
import { describeFault, readFault } from "./errors.ts";

/** Names of people: events carry ids only. */
export interface People {
  /** The name others in an installation see, or null where it cannot be known now. Never rejects, never takes long. */
  nameOf(team: string | null, userId: string): Promise<string | null>;
}

/** Slack waits three seconds for an answer to an event, storing included. */
const PATIENCE_MS = 1_200;
const REMEMBERED_MS = 60 * 60_000;
/** A name that could not be had is not asked for again with every message. */
const FAILED_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** Asks `users.info` (scope `users:read`) and remembers the answer for an hour. */
export function createPeople(
  clientOf: (team: string | null) => Promise<Pick<WebClient, "users"> | null>,
  log: Logger,
  now = Date.now,
): People {
  const known = new Map<string, { name: Promise<string | null>; until: number }>();
  let warned = false;

  async function ask(key: string, team: string | null, userId: string): Promise<string | null> {
    try {
      const client = await clientOf(team);
      if (client === null) return null;
      const { user } = await client.users.info({ user: userId });
      const names = [user?.profile?.display_name, user?.real_name, user?.profile?.real_name, user?.name];
      return names.find((name) => name !== undefined && name.trim() !== "")?.trim() ?? null;
    } catch (error) {
      const entry = known.get(key);
      if (entry) entry.until = now() + FAILED_MS;
      const reason = describeFault(readFault(error));
      if (!warned)
        log.warn({ reason }, "names of Slack users are not known; the scope users:read gives them");
      warned = true;
      return null;
    }
  }

  return {
    nameOf(team, userId) {
      const key = `${team ?? ""}/${userId}`;
      const entry = known.get(key);
      const fresh = entry !== undefined && entry.until > now();
      const name = fresh ? entry.name : ask(key, team, userId);
      if (!fresh) {
        // The oldest goes first: a map keeps the order in which it was filled.
        known.delete(key);
        known.set(key, { name, until: now() + REMEMBERED_MS });
        const oldest = known.size > MAX_REMEMBERED ? known.keys().next().value : undefined;
        if (oldest !== undefined) known.delete(oldest);
      }
      return within(name, PATIENCE_MS);
    },
  };
}

function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(null), ms);
    timer.unref();
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
