import type { Context } from "@slack/bolt";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Later } from "../kit/later.ts";
import type { SlackApp, SlackContext } from "./app.ts";
import {
  parseMessage,
  parseOpening,
  parseReaction,
  parseStop,
  type SlackEvent,
  type SlackOpening,
  type SlackStop,
} from "./event.ts";
import { COMMAND_ANSWER, parsePress, type SlackPress } from "./interaction.ts";
import type { ReadReaction } from "./reaction.ts";

export interface ListenerDeps {
  read: {
    event(event: SlackEvent): Promise<ChannelEvent[] | Later>;
    reaction: ReadReaction;
    press(press: SlackPress): Promise<ChannelEvent[] | Later>;
    stop(stop: SlackStop, team: string | null): ChannelEvent[];
  };
  /** A person opened the conversation with the app. */
  onOpened(team: string | null, opening: SlackOpening): void;
  /** The app was removed from a workspace, or its bot token was revoked. */
  onRemoved(team: string | null, event: string): Promise<void>;
  log: Logger;
}

/** Adds a listener for everything that we read. The app only acknowledges the rest. */
export function addListeners(app: SlackApp, deps: ListenerDeps): void {
  const { read, onOpened, onRemoved, log } = deps;

  async function takeMessage({ body, context }: { body: object; context: Context & SlackContext }) {
    const event = parseMessage(body);
    if (event === null) return log.warn({}, "slack message of an unknown shape ignored");
    const { botUserId = null, retryNum, retryReason } = context;
    if (retryNum) log.debug({ eventId: event.eventId, retryNum, retryReason }, "slack repeats an event");
    await context.hand(await read.event({ ...event, team: installationOf(context), botUserId }));
  }

  async function takeReaction({ event, context }: { event: object; context: Context & SlackContext }) {
    const reaction = parseReaction(event);
    if (reaction === null) return;
    const { botUserId = null } = context;
    await context.hand(await read.reaction({ reaction, team: installationOf(context), botUserId }));
  }

  async function takeStop({ event, context }: { event: object; context: Context & SlackContext }) {
    const stop = parseStop(event);
    if (stop === null) return;
    // Slack's second repetition comes after a minute. By then another answer may be written there.
    if (Number(context.retryNum ?? 0) > 1)
      return log.debug({}, "a press of Stop comes too late, and is ignored");
    await context.hand(read.stop(stop, installationOf(context)));
  }

  async function takeOpening({ event, context }: { event: object; context: Context }) {
    const opening = parseOpening(event);
    if (opening !== null) onOpened(installationOf(context), opening);
  }

  // Bolt runs the chains of all listeners for each body. Most bodies are messages, so messages are handled
  // before the chains.
  app.use(async (args) => {
    const type = "event" in args ? args.event.type : null;
    await (type === "message" || type === "app_mention" ? takeMessage(args) : args.next());
  });
  app.event("reaction_added", takeReaction);
  app.event("reaction_removed", takeReaction);
  app.event("agent_session_stopped", takeStop);
  app.event("app_home_opened", takeOpening);
  app.event("assistant_thread_started", takeOpening);
  app.event("app_uninstalled", ({ event, context }) => onRemoved(installationOf(context), event.type));
  app.event("tokens_revoked", async ({ event, context }) => {
    if (event.tokens?.bot?.length) await onRemoved(installationOf(context), event.type);
  });
  app.action({ type: "block_actions" }, async ({ body, context }) => {
    const press = parsePress(body);
    if (press !== null) await context.hand(await read.press({ ...press, team: installationOf(context) }));
  });
  app.command(/^/, ({ ack }) => ack(COMMAND_ANSWER));
}

/** The installation that a body is for: a workspace, or an organization that installed the app as a whole. */
function installationOf({ isEnterpriseInstall, enterpriseId, teamId }: Context): string | null {
  return (isEnterpriseInstall ? enterpriseId : undefined) ?? teamId ?? null;
}
