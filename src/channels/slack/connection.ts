import { createTroubles } from "../../core/faults/troubles.ts";
import { wait } from "../../core/time/wait.ts";
import type { Channel, ChannelOptions, RawRequest, Received } from "../channel.ts";
import { receivedOf } from "../kit/later.ts";
import { createRunningTasks } from "../kit/running-tasks.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { parseJsonBody, unproven } from "../webhook-request.ts";
import { type SlackConfig, signingSecrets } from "./config.ts";
import { createConversations } from "./conversations.ts";
import { createDesk } from "./desk.ts";
import { createDeskReader } from "./desk-inbound.ts";
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
import { createStatus } from "./status.ts";
import { createStreaming } from "./streaming.ts";
import { createThreadReader } from "./thread.ts";
import { createHeadCheck, createVerifier, notAnEvent } from "./verify.ts";
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
    split,
    log,
  });
  const status = createStatus({ clientOf, isShowing: live.isShowing, log });
  const outbound = createOutbound({ clientOf, previews, onPosted: status.posted, log });
  const checkHead = createHeadCheck(signingSecrets(config));
  const verify = createVerifier(signingSecrets(config));
  const conversations = createConversations(options);
  const desk = createDeskReader({ people, isDesk: options.isDesk });
  const readEvent = createInbound({
    isShared: workspaces.isShared,
    identity: identity.current,
    conversations,
    people,
    rules: { threads: config.threads, route: createRouting(config.agents) },
    readThread: createThreadReader({ clientOf, people, log }),
    desk,
    log,
  });
  const stopped = new AbortController();
  const { track, ended } = createRunningTasks();
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

  async function readBody(
    body: SlackBody | SlackPress,
  ): Promise<Extract<Received, { kind: "accepted" | "later" }>> {
    switch (body.kind) {
      case "event":
        return receivedOf(await readEvent(body));
      case "press":
        return receivedOf(await readPress(body));
      case "challenge":
        return { kind: "accepted", events: [], response: jsonAnswer({ challenge: body.challenge }) };
      case "revoked":
        if (await workspaces.remove(body.team)) break;
        log.error({ event: body.type }, REMOVED);
        troubles.set("installation", REMOVED);
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
    if (interaction.kind === "press") return readBody(interaction);
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
    // Browsers visit the pages that install the app.
    inspect: (head) => (head.method === "GET" ? unproven : (checkHead(head) ?? unproven)),
    receive,
    send: outbound.send,
    desk: createDesk(outbound.callAt),
    canReach: outbound.canReach,
    // A status would appear beside the answer that is being written, and stay for minutes after it.
    typing: status.show,
    turnEnded: ({ address }, _outcome, signal) => status.clear(address, signal),
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
        const take = async (body: SlackBody | SlackPress) => {
          const read = await readBody(body);
          if (read.kind === "later") throw new Error(read.reason, { cause: read.cause });
          if (read.events.length > 0) await context.accept(read.events);
        };
        const onTrouble = (words: string | null) => troubles.set("socket", words);
        // One process only: two connections would give the messages of one thread to two processes, in no order.
        context.whileLeader(`slack:${name}`, (leading) => {
          const signal = AbortSignal.any([leading, stopped.signal]);
          return track(holdSocket({ appToken, clientOptions, take, onTrouble, log }, signal));
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
