import type { WebClient } from "@slack/web-api";
import { z } from "zod";
import type { MessageReference } from "../../core/message/inbound-message.ts";
import type { Logger } from "../../core/process/logger.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import { toAddress } from "./address.ts";
import { type SlackIdentity, WRITTEN } from "./addressing.ts";
import { describeFault, isFinal, readFault } from "./errors.ts";
import type { SlackMessage } from "./event.ts";
import { contentSchema, profileSchema } from "./message.ts";
import { firstName, type People } from "./people.ts";
import { filesOf, forwardedText, forwardsIn, referenceTo, writtenText } from "./said.ts";
import { readableText } from "./text.ts";
import { within } from "./within.ts";

/** The messages of a thread before a given message, oldest first. Empty if they are not available; never takes long. */
export type ReadThread = (
  message: Pick<SlackMessage, "channel" | "ts" | "thread_ts">,
  team: string | null,
  us: SlackIdentity,
) => Promise<MessageReference[]>;

/**
 * Slack waits three seconds for an answer to an event, which includes the time for storing it. One limit is for the
 * thread, the other for each name in it.
 */
const PATIENCE_MS = 1_200;
const NAME_PATIENCE_MS = 600;
/** Maximum number of messages passed on: the first, which gives the subject, and the newest. */
const MOST = 20;
/** Slack's largest page. Some apps get 15 messages whatever they ask for. */
const PAGE = 1_000;
const MOST_PAGES = 5;
/** A mention comes as two events, and some apps may ask only once a minute. */
const REMEMBERED_MS = 60_000;
const MAX_REMEMBERED = 1_000;
/** Pause after Slack refused the app the right to read. */
const REFUSED_MS = 60 * 60_000;

const saidSchema = contentSchema.extend({
  subtype: z.string().nullish(),
  user: z.string().nullish(),
  username: z.string().nullish(),
  user_profile: profileSchema,
  bot_id: z.string().nullish(),
  bot_profile: z.object({ name: z.string().nullish() }).nullish().catch(null),
  ts: z.string(),
});
type Said = z.infer<typeof saidSchema>;

export interface ThreadDeps {
  clientOf(team: string | null): Promise<WebClient | null>;
  people: Pick<People, "nameOf">;
  log: Logger;
}

/** Reads a running thread on the first mention in it (conversations.replies, once for each). It is best effort. */
export function createThreadReader({ clientOf, people, log }: ThreadDeps): ReadThread {
  const asked = new Map<string, { said: Promise<Said[]>; until: number }>();
  /** Workspaces that asked us to wait, or in which the app may not read threads. */
  const quietUntil = new Map<string | null, number>();

  async function ask(team: string | null, channel: string, thread: string, before: string): Promise<Said[]> {
    const said: Said[] = [];
    try {
      const client = await clientOf(team);
      if (client === null) return said;
      await readPages(client, { channel, ts: thread, latest: before, inclusive: false }, said);
    } catch (error) {
      const fault = readFault(error);
      if (fault.kind === "rate_limited") quietUntil.set(team, monotonicMs() + fault.retryAfterMs);
      if (isFinal(fault)) quietUntil.set(team, monotonicMs() + REFUSED_MS);
      const level = isFinal(fault) ? "warn" : "debug";
      log[level]({ channelId: channel, reason: describeFault(fault) }, "a slack thread was not read");
    }
    return said;
  }

  function once(team: string | null, channel: string, thread: string, before: string): Promise<Said[]> {
    const key = toAddress(team, channel, thread);
    const entry = asked.get(key);
    if (entry !== undefined && entry.until > monotonicMs()) return entry.said;
    if (monotonicMs() < (quietUntil.get(team) ?? 0)) return Promise.resolve([]);
    const said = ask(team, channel, thread, before);
    asked.delete(key);
    asked.set(key, { said, until: monotonicMs() + REMEMBERED_MS });
    const oldest = asked.size > MAX_REMEMBERED ? asked.keys().next().value : undefined;
    if (oldest !== undefined) asked.delete(oldest);
    return said;
  }

  return async (message, team, us) => {
    const { channel, thread_ts: thread, ts } = message;
    if (thread === undefined) return [];
    const said = (await within(once(team, channel, thread, ts), PATIENCE_MS)) ?? [];
    const before = said.filter((each) => Number(each.ts) < Number(ts) && isWords(each));
    const told = before.length > MOST ? [...before.slice(0, 1), ...before.slice(1 - MOST)] : before;
    const nameOf = (id: string) => within(people.nameOf(team, id), NAME_PATIENCE_MS);
    return Promise.all(told.map((each) => toReference(each, channel, us, nameOf)));
  };
}

/** Slack's pages begin with the oldest messages, so the newest ones are on the last page. */
async function readPages(
  client: WebClient,
  of: { channel: string; ts: string; latest: string; inclusive: boolean },
  said: Said[],
): Promise<void> {
  let cursor: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await client.conversations.replies({ ...of, limit: PAGE, ...(cursor && { cursor }) });
    for (const message of page.messages ?? []) {
      const { success, data } = saidSchema.safeParse(message);
      // Each page may repeat the thread's first message.
      if (success && !said.some(({ ts }) => ts === data.ts)) said.push(data);
    }
    cursor = page.response_metadata?.next_cursor;
    if (!cursor) return;
  }
}

/** Excludes notices, for example that a person joined. */
function isWords({ subtype }: Said): boolean {
  return subtype == null || subtype === "bot_message" || WRITTEN.has(subtype);
}

async function toReference(
  said: Said,
  channel: string,
  us: SlackIdentity,
  nameOf: (id: string) => Promise<string | null>,
): Promise<MessageReference> {
  const { user, user_profile: profile, bot_profile: bot, username, ts } = said;
  const known = firstName([profile?.display_name, profile?.real_name, profile?.name, bot?.name, username]);
  const isOurs = (user != null && user === us.userId) || (said.bot_id != null && said.bot_id === us.botId);
  const written = [writtenText(said), ...forwardsIn(said).map(forwardedText)].filter((words) => words !== "");
  const [author, text] = await Promise.all([
    (isOurs ? us.name : known) ?? (user ? nameOf(user) : null),
    readableText(written.join("\n"), { nameOf }),
  ]);
  const files = filesOf(null, said).map(({ name, kind }) => `[${kind}: ${name ?? "without a name"}]`);
  return referenceTo(
    "thread",
    { channel, ts },
    author,
    [text, ...files].filter((part) => part !== "").join("\n"),
  );
}
