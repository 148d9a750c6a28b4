import type { Receiver } from "@slack/bolt";
import { createTroubles } from "../../core/faults/troubles.ts";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import { wait } from "../../core/time/wait.ts";
import type { Channel } from "../channel.ts";
import type { ChannelOptions } from "../channel-options.ts";
import { isLater } from "../kit/later.ts";
import { createRunningTasks } from "../kit/running-tasks.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { unproven } from "../webhook-request.ts";
import { toAddress } from "./address.ts";
import { type Run, SlackApp, type SlackContext } from "./app.ts";
import { type SlackConfig, signingSecrets } from "./config.ts";
import { createConversations } from "./conversations.ts";
import { createDesk } from "./desk.ts";
import { createDeskReader } from "./desk-inbound.ts";
import type { SlackStop } from "./event.ts";
import { createFiles } from "./files.ts";
import { createIdentity } from "./identity.ts";
import { createInbound } from "./inbound.ts";
import { addListeners } from "./listeners.ts";
import { createOutbound } from "./outbound.ts";
import { createPeople } from "./people.ts";
import { createPresses } from "./press.ts";
import { createPreviews } from "./preview.ts";
import { createReactions } from "./reaction.ts";
import { createWebhookReceiver } from "./receiver.ts";
import { createRouting } from "./routing.ts";
import { holdSocket } from "./socket.ts";
import { createSpokenMessages } from "./spoken.ts";
import { createStatus } from "./status.ts";
import { createStatusCalls } from "./status-calls.ts";
import { createStreaming } from "./streaming.ts";
import { createSuggestions } from "./suggestions.ts";
import { createThreadReader } from "./thread.ts";
import { createHeadCheck } from "./verify.ts";
import { createWebApi } from "./web-api.ts";
import { createWorkspaces } from "./workspaces.ts";

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
  const identity = createIdentity(() => workspaces.clientOf(null), log);
  const { clientOf } = workspaces;
  const previews = createPreviews();
  const people = createPeople(clientOf, log);
  const live = createStreaming({
    clientOf,
    previews,
    people,
    streaming: config.streaming,
    toolCards: config.toolCards,
    log,
  });
  const stopped = new AbortController();
  const { track, ended } = createRunningTasks();
  const status = createStatus({
    calls: createStatusCalls({ clientOf, titles: config.titles, log }),
    isShowing: live.isShowing,
    track,
    stopped: stopped.signal,
  });
  const { upload } = api;
  const outbound = createOutbound({ clientOf, previews, upload, onPosted: status.posted, log });
  const checkHead = createHeadCheck(signingSecrets(config));
  const conversations = createConversations(options);
  const desk = createDeskReader({ people, isDesk: options.isDesk });
  const spoken = createSpokenMessages(options.values);
  const readEvent = createInbound({
    isShared: workspaces.isShared,
    identity: identity.current,
    conversations,
    people,
    rules: { threads: config.threads, route: createRouting(config.agents) },
    readThread: createThreadReader({ clientOf, people, log }),
    spoken,
    desk,
    log,
  });
  const readReaction = createReactions({
    isShared: workspaces.isShared,
    userId: () => identity.current().userId,
    nameOf: people.nameOf,
    spoken,
  });
  const readPress = createPresses({
    isShared: workspaces.isShared,
    findButtons: options.findButtons,
    conversations,
    people,
    clientOf,
    desk,
    track,
    log,
  });

  function readStop({ channel, thread_ts: thread }: SlackStop, team: string | null): ChannelEvent[] {
    const address = toAddress(workspaces.isShared ? team : null, channel, thread);
    // Slack leaves the session busy, also if its turn has ended in the meantime.
    void track(status.clear(address));
    return [{ type: "stop", address }];
  }

  async function onRemoved(team: string | null, event: string): Promise<void> {
    if (await workspaces.remove(team)) return;
    log.error({ event }, REMOVED);
    troubles.set("installation", REMOVED);
  }

  const suggest = createSuggestions({ clientOf, prompts: config.suggestedPrompts, log });

  /** Puts Bolt's app, with our listeners, behind a receiver. */
  function attach(receiver: Receiver, run?: Run): void {
    const { clientOptions } = api;
    const app = new SlackApp(receiver, { clientOptions, authorize: identity.authorize, log }, run);
    const read = { event: readEvent, reaction: readReaction, press: readPress, stop: readStop };
    addListeners(app, {
      read,
      onOpened: (team, opening) => void track(suggest(workspaces.isShared ? team : null, opening)),
      onRemoved,
      log,
    });
  }
  const webhook = createWebhookReceiver(signingSecrets(config), log);
  attach(webhook);

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
    openStream: live.openStream,
    removePreview: outbound.removePreview,
    fetchAttachment: createFiles({ clientOf, apiUrl: config.apiUrl }),
    async start(context) {
      report = (error) => context.reportError(error);
      const asked = new Promise<void>((resolve) => {
        const onTrouble = (words: string | null) => {
          troubles.set("auth.test", words);
          resolve();
        };
        void track(identity.learn(onTrouble, stopped.signal));
      });
      await workspaces.check();
      const { appToken } = config;
      if (config.mode === "socket" && appToken !== undefined) {
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
      } else announceUrl();
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
