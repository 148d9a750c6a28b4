import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/process/logger.ts";
import { excerpt } from "../../core/text/text.ts";
import { monotonicMs } from "../../core/time/monotonic.ts";
import type { TypingTurn } from "../channel.ts";
import { parseAddress } from "./address.ts";
import { describeFault, isUnsupported, readFault, type SlackFault } from "./errors.ts";

/**
 * The ways to show that the app is busy. `session`: the status of an agent session, with Slack's Stop button. `thread`: a
 * text below the thread, in workspaces and apps without agent sessions.
 */
export type StatusWay = "session" | "thread";

/** The way of the call that Slack accepted. Null: nothing has changed. */
export interface StatusOutcome {
  way: StatusWay | null;
  fault: SlackFault | null;
}

type Thread = { channel_id: string; thread_ts: string };
type Call = (client: WebClient, thread: Thread, team: string | null) => Promise<unknown>;

const TEXT = "is thinking…";
/** Slack allows 200 characters, and shows fewer. */
const TITLE_LIMIT = 80;
/** A refused call is tried again after this time, because the operator may have changed the app. */
const REFUSED_MS = 60 * 60_000;
const NOTHING: StatusOutcome = { way: null, fault: null };
const NO_STOP_EVENT = "missing_agent_session_stopped_event_subscription";

export interface StatusCallsDeps {
  /** A client for an installation; null if the app is not installed. */
  clientOf(team: string | null): Promise<WebClient | null>;
  /** True if the first words of a conversation become its name. */
  titles: boolean;
  log: Logger;
  now?: () => number;
}

export type StatusCalls = ReturnType<typeof createStatusCalls>;

/** The calls that show and remove a status, in the newest way that the workspace allows. */
export function createStatusCalls({ clientOf, titles, log, now = monotonicMs }: StatusCallsDeps) {
  /** The calls that a workspace refused, each with the time of its next try. */
  const refusedUntil = new Map<string, number>();
  const withoutStop = new Set<string | null>();

  /** Makes a call. Returns null, its fault, or `refused` if the workspace does not allow it. */
  async function attempt(
    kind: StatusWay | "title",
    team: string | null,
    call: () => Promise<unknown>,
  ): Promise<SlackFault | "refused" | null> {
    const key = `${kind} ${team ?? ""}`;
    if (now() < (refusedUntil.get(key) ?? 0)) return "refused";
    try {
      await call();
      return null;
    } catch (error) {
      const fault = readFault(error);
      log.debug({ team, call: kind, reason: describeFault(fault) }, "a status or title was not changed");
      if (!isUnsupported(fault)) return fault;
      refusedUntil.set(key, now() + REFUSED_MS);
      return "refused";
    }
  }

  /** Makes the first call that the workspace allows. */
  async function set(address: string, calls: Record<StatusWay, Call>): Promise<StatusOutcome> {
    const place = parseAddress(address);
    if (place?.threadTs == null) return NOTHING;
    const { team, channel: channel_id, threadTs: thread_ts } = place;
    const client = await clientOf(team).catch((error: unknown) => readFault(error));
    if (client === null) return NOTHING;
    if ("kind" in client) return { way: null, fault: client };
    for (const way of ["session", "thread"] as const) {
      const fault = await attempt(way, team, () => calls[way](client, { channel_id, thread_ts }, team));
      if (fault !== "refused") return { way: fault === null ? way : null, fault };
    }
    return NOTHING;
  }

  /** Slack shows no Stop button to an app that does not hear of it. */
  function noteStop(team: string | null, { warning }: { warning?: string }): void {
    if (!warning?.split(",").includes(NO_STOP_EVENT) || withoutStop.has(team)) return;
    withoutStop.add(team);
    log.warn({ team }, "Slack shows no Stop button; subscribe the app to the event agent_session_stopped");
  }

  return {
    show(address: string, turn?: TypingTurn): Promise<StatusOutcome> {
      const title = titles ? excerpt(turn?.words ?? "", TITLE_LIMIT) : "";
      const isNamed = title !== "" && turn?.isFirst === true;
      return set(address, {
        async session({ agents: { sessions } }, thread, team) {
          const named = title === "" ? {} : { title };
          const shown = await sessions.setStatus({ ...thread, status: "processing", ...named });
          noteStop(team, shown);
          // Slack takes the title for a new session only. A session may be older than its first words: a voice message.
          if (isNamed && !shown.title)
            await attempt("title", team, () => sessions.rename({ ...thread, title }));
        },
        async thread({ assistant: { threads } }, thread, team) {
          await threads.setStatus({ ...thread, status: TEXT });
          // Only threads with the app itself have names.
          if (isNamed && thread.channel_id.startsWith("D"))
            await attempt("title", team, () => threads.setTitle({ ...thread, title }));
        },
      });
    },

    remove: (address: string): Promise<StatusOutcome> =>
      set(address, {
        session: (client, thread) => client.agents.sessions.setStatus({ ...thread, status: "active" }),
        thread: (client, thread) => client.assistant.threads.setStatus({ ...thread, status: "" }),
      }),
  };
}
