import { createTroubles, type Troubles } from "../../core/troubles.ts";
import { wait } from "../../core/wait.ts";
import type { Channel, ChannelOptions, RawRequest, Received } from "../channel.ts";
import { parseJsonBody } from "../webhook-request.ts";
import type { SlackConfig } from "./config.ts";
import { parseSlackBody, type SlackBody } from "./event.ts";
import { createFiles } from "./files.ts";
import { createIdentity } from "./identity.ts";
import { createInbound } from "./inbound.ts";
import { COMMAND_ANSWER, parseForm, type SlackPress } from "./interaction.ts";
import { split } from "./limits.ts";
import { createOutbound } from "./outbound.ts";
import { createPeople } from "./people.ts";
import { createPresses } from "./press.ts";
import { createPreviews } from "./preview.ts";
import { createRouting } from "./routing.ts";
import { holdSocket } from "./socket.ts";
import { createStreaming } from "./streaming.ts";
import { createVerifier, notAnEvent } from "./verify.ts";
import { createWebApi } from "./web-api.ts";
import { createWorkspaces } from "./workspaces.ts";

/** One Slack app: its Web API, and what it keeps of its workspaces. */
export function createSlackChannel(options: ChannelOptions<SlackConfig>): Channel {
  const { name, config, publicUrl, log } = options;
  const webhookUrl = `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  const api = createWebApi(config.apiUrl);
  const workspaces = createWorkspaces(options, { api, webhookUrl, log });
  const identity = createIdentity(() => workspaces.clientOf(null), log);
  const { clientOf } = workspaces;
  const previews = createPreviews();
  const outbound = createOutbound({ clientOf, previews, log });
  const live = createStreaming({
    clientOf,
    previews,
    streaming: config.streaming,
    split,
    log,
  });
  const verify = createVerifier(config.mode === "events" ? config.signingSecret : undefined);
  const findConversation = options.findConversation ?? (async () => null);
  const people = createPeople(clientOf, log);
  const readEvent = createInbound({
    isShared: workspaces.isShared,
    identity: identity.current,
    findConversation,
    people,
    route: createRouting(config.agents),
    log,
  });
  const stopped = new AbortController();
  const running = new Set<Promise<unknown>>();
  let troubles: Troubles | null = null;
  const readPress = createPresses({
    isShared: workspaces.isShared,
    findButtons: options.findButtons ?? (async () => null),
    findConversation,
    people,
    clientOf,
    track(task) {
      const ended: Promise<unknown> = task.finally(() => running.delete(ended));
      running.add(ended);
    },
    log,
  });

  async function readBody(body: SlackBody): Promise<Extract<Received, { kind: "accepted" }>> {
    switch (body.kind) {
      case "event":
        return { kind: "accepted", events: await readEvent(body) };
      case "challenge":
        return { kind: "accepted", events: [], response: jsonAnswer({ challenge: body.challenge }) };
      case "revoked":
        if (await workspaces.remove(body.team)) break;
        log.error({ event: body.type }, REMOVED);
        troubles?.set("installation", REMOVED);
        break;
      case "rate_limited":
        log.warn({}, "Slack holds back events: the app gets more than 30,000 an hour in one workspace");
        break;
      case "other":
        if (body.unreadable) log.warn({ event: body.type }, "slack event of an unknown shape ignored");
    }
    return { kind: "accepted", events: [] };
  }

  async function readForm(body: Buffer): Promise<Received> {
    const interaction = parseForm(body);
    if (interaction.kind === "press") return { kind: "accepted", events: await readPress(interaction) };
    if (interaction.kind === "nothing") return { kind: "accepted", events: [] };
    return { kind: "accepted", events: [], response: jsonAnswer(COMMAND_ANSWER) };
  }

  async function receive(request: RawRequest): Promise<Received> {
    const visited = await workspaces.visit(request);
    if (visited !== null) return visited;
    const verified = verify(request);
    if ("kind" in verified) return verified;
    if (verified.format === "form") return readForm(request.body);
    const parsed = parseJsonBody(request.body);
    if ("kind" in parsed) return parsed;
    const body = parseSlackBody(parsed.json);
    return body === null ? notAnEvent : readBody(body);
  }

  function announceUrl(): void {
    if (publicUrl.isPublic) log.info({ requestUrl: webhookUrl }, TELL_SLACK);
    else log.info({}, HOW_TO_BE_REACHED);
  }

  return {
    receive,
    send: outbound.send,
    canReach: outbound.canReach,
    // A status would stand beside the answer that is being written, and stay for minutes behind it.
    typing: async (address, signal) =>
      live.isShowing(address) ? undefined : outbound.typing(address, signal),
    openStream: live.openStream,
    removePreview: outbound.removePreview,
    fetchAttachment: createFiles({ clientOf, apiUrl: config.apiUrl }),
    async start(context) {
      const reported = createTroubles((error) => context.reportError(error));
      troubles = reported;
      const asked = new Promise<void>((resolve) => {
        const learn = identity.learn((words) => {
          reported.set("auth.test", words);
          resolve();
        }, stopped.signal);
        running.add(learn);
      });
      const { appToken } = config;
      if (config.mode === "socket" && appToken !== undefined) {
        const { clientOptions } = api;
        const take = async (body: SlackBody | SlackPress) => {
          const events = body.kind === "press" ? await readPress(body) : (await readBody(body)).events;
          if (events.length > 0) await context.accept(events);
        };
        const onTrouble = (words: string | null) => reported.set("socket", words);
        // One process: two connections would hand the messages of one thread to two processes, in no order.
        context.whileLeader(`slack:${name}`, (leading) => {
          const signal = AbortSignal.any([leading, stopped.signal]);
          const holding = holdSocket({ appToken, clientOptions, take, onTrouble, log }, signal);
          running.add(holding);
          return holding.finally(() => running.delete(holding));
        });
      } else announceUrl();
      // Long enough to know our name when the first message comes, not so long that Slack holds up the start.
      await Promise.race([asked, wait(3_000, stopped.signal)]);
    },
    async stop() {
      stopped.abort();
      await api.close();
      await Promise.allSettled(running);
    },
  };
}

const jsonAnswer = (body: object) => ({
  status: 200,
  contentType: "application/json; charset=utf-8",
  body: JSON.stringify(body),
});

const REMOVED = "the app was removed from the Slack workspace, or its tokens were revoked; install it again";
const TELL_SLACK = "the Request URL to enter under Event Subscriptions of the Slack app";
const HOW_TO_BE_REACHED =
  "Slack cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service, " +
  'or set "mode": "socket" on this channel, which needs no public address';
