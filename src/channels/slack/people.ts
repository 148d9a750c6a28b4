import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/process/logger.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { describeFault, isFinal, readFault } from "./errors.ts";
import { within } from "./within.ts";

/** The known data of a person. */
export interface Person {
  /** The name that others see. */
  name: string | null;
  /** The person's own workspace (T…). The person may write in another one. */
  team: string | null;
  /** The language in which they use Slack (`en-GB`). */
  locale: string | null;
}

/**
 * The people of a workspace, or of workspaces that share a channel with it. Events contain ids, and not always names.
 */
export interface People {
  /** The name that others in an installation see; null if it is unknown now. Never rejects and never takes long. */
  nameOf(team: string | null, userId: string): Promise<string | null>;
  /** A person's own workspace; null if it is unknown now. */
  teamOf(team: string | null, userId: string): Promise<string | null>;
  /** A person's language; null if it is unknown. Slack is not asked for it alone, so ask for the name first. */
  localeOf(team: string | null, userId: string): Promise<string | null>;
  /** Records the data that an event contains about its writer, which saves a call. */
  note(team: string | null, userId: string, said: Omit<Person, "locale">): void;
}

/** Slack waits three seconds for an answer to an event, which includes the time for storing it. */
const PATIENCE_MS = 1_200;
const REMEMBERED_MS = 60 * 60_000;
/** After a failed lookup of a name, the next messages do not repeat the call for this long. */
const FAILED_MS = 60_000;
const MAX_REMEMBERED = 10_000;

interface Entry {
  /** From events. */
  said: Person;
  /** Slack's answer, if it was asked. */
  asked: Promise<Person> | null;
  until: number;
}

const NOBODY: Person = { name: null, team: null, locale: null };

/** Keeps the data from events for an hour, and asks `users.info` (scope `users:read`) for the rest. */
export function createPeople(
  clientOf: (team: string | null) => Promise<Pick<WebClient, "users"> | null>,
  log: Logger,
  now = monotonicMs,
): People {
  const known = new Map<string, Entry>();
  /** Installations whose operator already got the warning that names are not available. */
  const warned = new Set<string | null>();

  function entryOf(team: string | null, userId: string): Entry {
    const key = `${team ?? ""}/${userId}`;
    const entry = known.get(key);
    if (entry !== undefined && entry.until > now()) return entry;
    const fresh = { said: NOBODY, asked: null, until: now() + REMEMBERED_MS };
    // Removes the oldest entry first: a map keeps the order of its insertions.
    known.delete(key);
    known.set(key, fresh);
    const oldest = known.size > MAX_REMEMBERED ? known.keys().next().value : undefined;
    if (oldest !== undefined) known.delete(oldest);
    return fresh;
  }

  async function ask(entry: Entry, team: string | null, userId: string): Promise<Person> {
    try {
      const client = await clientOf(team);
      if (client === null) return NOBODY;
      const { user } = await client.users.info({ user: userId, include_locale: true });
      warned.delete(team);
      const names = [user?.profile?.display_name, user?.real_name, user?.profile?.real_name, user?.name];
      return { name: firstName(names), team: workspaceOf(user?.team_id), locale: user?.locale ?? null };
    } catch (error) {
      entry.until = now() + FAILED_MS;
      const fault = readFault(error);
      const reason = describeFault(fault);
      // An unknown person tells nothing about the others.
      if (!isFinal(fault)) log.debug({ reason, userId }, "a slack user is not known");
      else if (!warned.has(team)) {
        warned.add(team);
        log.warn({ reason }, "names of Slack users are unknown; add the scope users:read");
      }
      return NOBODY;
    }
  }

  async function find(team: string | null, userId: string, what: keyof Person): Promise<string | null> {
    const entry = entryOf(team, userId);
    if (entry.said[what] !== null) return entry.said[what];
    entry.asked ??= ask(entry, team, userId);
    return (await within(entry.asked, PATIENCE_MS))?.[what] ?? null;
  }

  return {
    nameOf: (team, userId) => find(team, userId, "name"),
    teamOf: (team, userId) => find(team, userId, "team"),
    async localeOf(team, userId) {
      const { asked } = entryOf(team, userId);
      return asked && ((await within(asked, PATIENCE_MS))?.locale ?? null);
    },
    note(team, userId, said) {
      const entry = entryOf(team, userId);
      entry.said = { name: said.name ?? entry.said.name, team: said.team ?? entry.said.team, locale: null };
    },
  };
}

/** The first name that is not empty. */
export function firstName(names: readonly (string | null | undefined)[]): string | null {
  return names.find((name) => name != null && name.trim() !== "")?.trim() ?? null;
}

/** The id of a workspace among other ids. In some events an organization's id (E…) takes its place. */
export function workspaceOf(...ids: readonly (string | null | undefined)[]): string | null {
  return ids.find((id) => id?.startsWith("T")) ?? null;
}
