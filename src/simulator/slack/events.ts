import { createHmac } from "node:crypto";
import { withEventFaults } from "../wire/event-order.ts";
import { createOrder } from "../wire/in-order.ts";
import { type EventAnswer, isSuccess, postEvent } from "../wire/post-event.ts";
import type { World } from "../world.ts";
import type { SlackApp } from "./app.ts";
import type { SlackSockets } from "./sockets.ts";

/** Slack waits this long for the answer to an event. */
const PATIENCE_MS = 3_000;
/** Answers of an app without a request URL. */
const TAKEN: EventAnswer = { status: 200, body: "", retryAfter: null, failure: null };
const UNREACHED: EventAnswer = { status: null, body: "", retryAfter: null, failure: "connection_failed" };
/** The pauses before the three repetitions, seconds. */
const RETRY_AFTER = [0, 60, 300];

interface Outgoing {
  chat: string;
  type: "events_api" | "interactive";
  name: string;
  payload: object;
}

/** Sends an app its events and presses: over its sockets where one is open, else signed to its request URL. */
export function createEvents(world: World, app: SlackApp, sockets: SlackSockets) {
  const inOrder = createOrder();
  const send = withEventFaults(world, "slack", (event: Outgoing) =>
    inOrder(event.chat, () => deliver(event)),
  );

  /** Resolves after the first attempt. Repetitions go on beside later events. */
  async function deliver(event: Outgoing): Promise<void> {
    const answer = await attempt(event, {});
    if (!isSuccess(answer) && event.type === "events_api") void repeat(event, answer);
  }

  async function repeat(event: Outgoing, first: EventAnswer): Promise<void> {
    let last = first;
    for (const [index, seconds] of RETRY_AFTER.entries()) {
      await new Promise<void>((resolve) => world.after(seconds * 1000, resolve));
      const reason = last.failure === "timeout" ? "http_timeout" : (last.failure ?? "http_error");
      last = await attempt(event, {
        "x-slack-retry-num": String(index + 1),
        "x-slack-retry-reason": reason,
      });
      if (isSuccess(last) || world.ended.aborted) return;
    }
  }

  /** One attempt, over a socket if one is open. */
  async function attempt(event: Outgoing, more: Record<string, string>): Promise<EventAnswer> {
    if (sockets.isOpen()) return (await sockets.send(event)) ? TAKEN : UNREACHED;
    if (app.requestUrl !== null) return await post(event, app.requestUrl, more);
    noteUnsent(event);
    return UNREACHED;
  }

  function post(
    { type, name, payload }: Outgoing,
    url: string,
    more: Record<string, string>,
  ): Promise<EventAnswer> {
    const isForm = type === "interactive";
    const json = JSON.stringify(payload);
    const body = isForm ? new URLSearchParams({ payload: json }).toString() : json;
    // Signed by the real clock: the bot's own clock does not move with the platform's.
    const stamp = String(Math.floor(Date.now() / 1000));
    const hash = createHmac("sha256", app.signingSecret).update(`v0:${stamp}:${body}`).digest("hex");
    const headers = {
      "content-type": isForm ? "application/x-www-form-urlencoded" : "application/json",
      "user-agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
      "x-slack-request-timestamp": stamp,
      "x-slack-signature": `v0=${hash}`,
      ...more,
    };
    return postEvent(world, { platform: "slack", name, url, headers, body, timeoutMs: PATIENCE_MS });
  }

  function noteUnsent({ name, payload }: Outgoing): void {
    world.log.add({
      at: new Date(world.clock.now()).toISOString(),
      platform: "slack",
      direction: "event",
      name,
      request: { method: "POST", url: "", headers: {}, body: JSON.stringify(payload) },
      answer: null,
      trouble: "the app has no socket open and no request URL",
      milliseconds: 0,
    });
  }

  return {
    /** An event inside its envelope. */
    event(chat: string, event: Record<string, unknown>): void {
      const { user, app: appId, team } = app.ids;
      const authorization = {
        enterprise_id: null,
        team_id: team,
        user_id: user,
        is_bot: true,
        is_enterprise_install: false,
      };
      const payload = {
        token: "simulated",
        team_id: team,
        context_team_id: team,
        api_app_id: appId,
        event: { event_ts: event.ts, ...event },
        type: "event_callback",
        event_id: `Ev${app.ids.app.slice(1)}${String(++app.lastEvent)}`,
        event_time: world.clock.seconds(),
        authorizations: [authorization],
        is_ext_shared_channel: false,
      };
      send({ chat, type: "events_api", name: String(event.type), payload });
    },
    /** A press of a button. */
    interaction(chat: string, payload: object): void {
      send({ chat, type: "interactive", name: "block_actions", payload });
    },
  };
}
