import type { Receiver } from "@slack/bolt";
import { createTroubles } from "../../core/faults/troubles.ts";
import { wait } from "../../core/time/wait.ts";
import type { Channel, ChannelContext } from "../channel.ts";
import type { ChannelOptions } from "../channel-options.ts";
import { isLater } from "../kit/later.ts";
import { createRunningTasks } from "../kit/running-tasks.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { unproven } from "../webhook-request.ts";
import { type Run, SlackApp, type SlackContext } from "./app.ts";
import { type SlackConfig, signingSecrets } from "./config.ts";
import { createDesk } from "./desk.ts";
import { createFiles } from "./files.ts";
import { createIdentity } from "./identity.ts";
import { addListeners } from "./listeners.ts";
import { createPeople } from "./people.ts";
import { createReading } from "./reading.ts";
import { createWebhookReceiver } from "./receiver.ts";
import { holdSocket } from "./socket.ts";
import { createSuggestions } from "./suggestions.ts";
import { createHeadCheck } from "./verify.ts";
import { createWebApi } from "./web-api.ts";
import { createWorkspaces } from "./workspaces.ts";
import { createWriting } from "./writing.ts";

/** One Slack app: its Web API, and the data of its workspaces. */
export function createSlackChannel(options: ChannelOptions<SlackConfig>): Channel {
  const { name, config, publicUrl, log } = options;
  const webhookUrl = webhookUrlOf(options);
  const api = createWebApi(config.apiUrl);
  let report: ((error: string | null) => void) | null = null;
  const troubles = createTroubles((error) => report?.(error));
  const workspaces = createWorkspaces(options, {
    api,
    webhookUrl,
    onTrouble: (team, words) => troubles.set(`installation ${team}`, words),
    log,
  });
  const { clientOf } = workspaces;
  const identity = createIdentity(() => clientOf(null), log);
  const people = createPeople(clientOf, log);
  const stopped = new AbortController();
  const { track, ended } = createRunningTasks();
  const tasks = { track, stopped: stopped.signal };
  const { openStream, status, outbound } = createWriting({ config, api, clientOf, people, tasks, log });
  const read = createReading({ options, workspaces, identity, people, clearStatus: status.clear, track });
  const suggest = createSuggestions({ clientOf, prompts: config.suggestedPrompts, log });
  const checkHead = createHeadCheck(signingSecrets(config));
  const webhook = createWebhookReceiver(signingSecrets(config), log);
  attach(webhook);

  /** Puts Bolt's app, with our listeners, behind a receiver. */
  function attach(receiver: Receiver, run?: Run): void {
    const { clientOptions } = api;
    const app = new SlackApp(receiver, { clientOptions, authorize: identity.authorize, log }, run);
    addListeners(app, {
      read,
      onOpened: (team, opening) => void track(suggest(workspaces.isShared ? team : null, opening)),
      onRemoved,
      log,
    });
  }

  async function onRemoved(team: string | null, event: string): Promise<void> {
    if (await workspaces.remove(team)) return;
    log.error({ event }, REMOVED);
    troubles.set("installation", REMOVED);
  }

  /** Learns the bot's own name. Resolves after the first attempt; further attempts follow by themselves. */
  function learnIdentity(): Promise<void> {
    return new Promise<void>((resolve) => {
      const onTrouble = (words: string | null) => {
        troubles.set("auth.test", words);
        resolve();
      };
      void track(identity.learn(onTrouble, stopped.signal));
    });
  }

  function openSocket(context: ChannelContext, appToken: string): void {
    const { clientOptions } = api;
    const hand: SlackContext["hand"] = async (content) => {
      if (isLater(content)) throw new Error(content.reason, { cause: content.cause });
      if (content.length > 0) await context.accept(content);
    };
    const onTrouble = (words: string | null) => troubles.set("socket", words);
    // One process only: two connections would give the messages of one thread to two processes, in no order.
    context.whileLeader(`slack:${name}`, (leading) => {
      const signal = AbortSignal.any([leading, stopped.signal]);
      return track(holdSocket({ appToken, clientOptions, attach, hand, onTrouble, log }, signal));
    });
  }

  function announceUrl(): void {
    if (publicUrl.isPublic) log.info({ requestUrl: webhookUrl }, TELL_SLACK);
    else log.info({}, HOW_TO_BE_REACHED);
  }

  return {
    // Browsers visit the pages that install the app.
    inspect: (head) => (head.method === "GET" ? unproven : (checkHead(head) ?? unproven)),
    receive: async (request) => (await workspaces.visit(request)) ?? (await webhook.receive(request)),
    send: outbound.send,
    desk: createDesk(outbound.callAt),
    canReach: outbound.canReach,
    // A status would appear beside the answer that is being written, and stay for minutes after it.
    typing: status.show,
    turnEnded: ({ address }) => status.clear(address),
    openStream,
    removePreview: outbound.removePreview,
    fetchAttachment: createFiles({ clientOf, apiUrl: config.apiUrl }),
    async start(context) {
      report = (error) => context.reportError(error);
      const asked = learnIdentity();
      await workspaces.check();
      const { mode, appToken } = config;
      if (mode === "socket" && appToken !== undefined) openSocket(context, appToken);
      else announceUrl();
      // Usually long enough to learn our name before the first message. A slow Slack delays the start by no more than
      // this.
      await Promise.race([asked, wait(3_000, stopped.signal)]);
    },
    async stop() {
      stopped.abort();
      await api.close();
      await ended();
    },
  };
}

const REMOVED = "the app was removed from the Slack workspace, or its tokens were revoked; install it again";
const TELL_SLACK = "the Request URL to enter under Event Subscriptions of the Slack app";
const HOW_TO_BE_REACHED =
  "Slack cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service, " +
  'or set "mode": "socket" on this channel, which needs no public address';
