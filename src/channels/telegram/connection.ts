import { createTroubles, type Troubles } from "../../core/faults/troubles.ts";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import { canCallUs } from "../../core/network/loopback.ts";
import { wait } from "../../core/time/wait.ts";
import type { Channel, ChannelContext } from "../channel.ts";
import type { ChannelOptions } from "../channel-options.ts";
import type { RawRequest, Received } from "../channel-webhook.ts";
import { isLater, receivedOf } from "../kit/later.ts";
import { createRunningTasks } from "../kit/running-tasks.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { parseJsonBody, proven } from "../webhook-request.ts";
import { botIdOf, createBotApi } from "./bot-api.ts";
import type { TelegramConfig } from "./config.ts";
import { createDesk } from "./desk.ts";
import { createFiles } from "./files.ts";
import { createIdentity } from "./identity.ts";
import { createInbound } from "./inbound.ts";
import { RICH_LIMIT, split, TEXT_LIMIT } from "./limits.ts";
import { createOutbound } from "./outbound.ts";
import { poll } from "./polling.ts";
import { createPresses } from "./press.ts";
import { createRegistration } from "./registration.ts";
import { createRichSupport } from "./rich-support.ts";
import { createStreaming } from "./streaming.ts";
import { parseUpdate, type TelegramUpdate } from "./update.ts";
import { createVerifier, notAnUpdate } from "./verify.ts";
import { createWebhook, isOn } from "./webhook.ts";

/** One bot: its API, and the state of its chats. */
export function createTelegramChannel(options: ChannelOptions<TelegramConfig>): Channel {
  const { name, config, log } = options;
  const api = createBotApi(config);
  const identity = createIdentity(config, api.calls);
  const { token, streaming, linkPreviews, business } = config;
  const sending = { api: api.calls, token, linkPreviews, log };
  const rich = createRichSupport(config.richMessages);
  const outbound = createOutbound({ ...sending, rich });
  const openStream = createStreaming({ ...sending, streaming, rich });
  const verify = createVerifier(config.mode === "webhook" ? config.secretToken : undefined);
  const url = reachableUrl(options);
  const { secretToken } = config;
  const webhook =
    url === null || secretToken === undefined
      ? null
      : createWebhook({ api: api.calls, token, url, secretToken, log });
  const registerWebhook = webhook?.register ?? null;
  const registration = createRegistration({ api: api.calls, identity, config, registerWebhook, log });
  const stopped = new AbortController();
  const { track, ended } = createRunningTasks();
  const { findButtons, isDesk } = options;
  const readPress = createPresses({ api: api.calls, token, findButtons, isDesk, track, log });
  const readUpdate = createInbound({ botId: botIdOf(token), identity, isDesk, readPress, business, log });

  async function receive(request: RawRequest): Promise<Received> {
    const rejection = verify(request);
    if (rejection !== null) return rejection;
    const body = parseJsonBody(request.body);
    if ("kind" in body) return body;
    const update = parseUpdate(body.json);
    return update === null ? notAnUpdate : receivedOf(await readUpdate(update));
  }

  /** Stores what polling got. Updates that cannot be decided now are asked for again. */
  async function storeUpdates(context: ChannelContext, updates: readonly TelegramUpdate[]): Promise<void> {
    const events: ChannelEvent[] = [];
    for (const update of updates) {
      const found = await readUpdate(update);
      if (isLater(found)) throw new Error(found.reason, { cause: found.cause });
      events.push(...found);
    }
    if (events.length > 0) await context.accept(events);
  }

  function startPolling(context: ChannelContext, troubles: Troubles): void {
    const ownHost = new URL(options.publicUrl.url).host;
    const polling = {
      api,
      token,
      store: (updates: readonly TelegramUpdate[]) => storeUpdates(context, updates),
      mayRemove: (webhookUrl: string) => config.takeOver || isOn(ownHost, webhookUrl),
      troubles,
      log,
    };
    context.whileLeader(`telegram:${name}`, (leading) =>
      track(poll(polling, AbortSignal.any([leading, stopped.signal]))),
    );
  }

  return {
    inspect: (head) => verify(head) ?? proven,
    receive,
    send: outbound.send,
    desk: createDesk(sending),
    canReach: outbound.canReach,
    async linkWith(code, signal) {
      const { username } = await identity.learn(signal).catch(() => identity.current());
      return username === null ? null : `https://t.me/${username}?start=${code}`;
    },
    typing: outbound.typing,
    fetchAttachment: createFiles({ api: api.calls, config }),
    openStream,
    split: (text, format) =>
      split(text, format, format !== "text" && rich.isKnown() ? RICH_LIMIT : TEXT_LIMIT),
    removePreview: outbound.removePreview,
    async start(context) {
      const troubles = createTroubles((error) => context.reportError(error));
      const introduction = registration.start(troubles, stopped.signal);
      const introduced = introduction.then(({ done }) => done);
      track(introduced.then(() => webhook?.watch(troubles, stopped.signal))).catch(() => undefined);
      if (config.mode === "polling") startPolling(context, troubles);
      else if (webhook === null) log.info({}, HOW_TO_BE_REACHED);
      // The wait is long enough to learn our name before the first message. It is short enough that Telegram does not
      // delay the start.
      await Promise.race([introduction, wait(3_000, stopped.signal)]);
    },
    async stop() {
      stopped.abort();
      await ended();
      await api.close();
    },
  };
}

const HOW_TO_BE_REACHED =
  "no webhook registered: set CAUSEWAY_PUBLIC_URL to the https address Telegram can reach, " +
  'or set "mode": "polling" on this channel, which needs no public address';

function reachableUrl(options: ChannelOptions<TelegramConfig>): string | null {
  const { config, publicUrl } = options;
  const wanted = config.mode === "webhook" && canCallUs(publicUrl, config.apiRoot);
  return wanted ? webhookUrlOf(options) : null;
}
