import type { ChannelEvent } from "../../core/channel-event.ts";
import { canCallUs } from "../../core/loopback.ts";
import { createTroubles } from "../../core/troubles.ts";
import { wait } from "../../core/wait.ts";
import type { Channel, ChannelOptions, RawRequest, Received } from "../channel.ts";
import { parseJsonBody } from "../webhook-request.ts";
import { botIdOf, createBotApi } from "./bot-api.ts";
import type { TelegramConfig } from "./config.ts";
import { createFiles } from "./files.ts";
import { createIdentity } from "./identity.ts";
import { createInbound } from "./inbound.ts";
import { split } from "./limits.ts";
import { createOutbound } from "./outbound.ts";
import { poll } from "./polling.ts";
import { createPresses } from "./press.ts";
import { createRegistration } from "./registration.ts";
import { createStreaming } from "./streaming.ts";
import { parseUpdate } from "./update.ts";
import { createVerifier, notAnUpdate } from "./verify.ts";

/** One bot: its API, and what it keeps of its chats. */
export function createTelegramChannel(options: ChannelOptions<TelegramConfig>): Channel {
  const { name, config, log } = options;
  const api = createBotApi(config);
  const identity = createIdentity(config, api.calls);
  const outbound = createOutbound({ api: api.calls, token: config.token, log });
  const { streaming } = config;
  const openStream = createStreaming({ api: api.calls, token: config.token, streaming, split, log });
  const verify = createVerifier(config.mode === "webhook" ? config.secretToken : undefined);
  const webhookUrl = webhookUrlOf(options);
  const registration = createRegistration({ api: api.calls, identity, config, webhookUrl, log });
  const stopped = new AbortController();
  const running = new Set<Promise<unknown>>();
  const track = <T>(task: Promise<T>): Promise<T> => {
    const ended: Promise<unknown> = task.then(
      () => running.delete(ended),
      () => running.delete(ended),
    );
    running.add(ended);
    return task;
  };

  const findButtons = options.findButtons ?? (async () => null);
  const readPress = createPresses({ api: api.calls, token: config.token, findButtons, track, log });
  const readUpdate = createInbound({ botId: botIdOf(config.token), identity, readPress, log });

  async function receive(request: RawRequest): Promise<Received> {
    const rejection = verify(request);
    if (rejection !== null) return rejection;
    const body = parseJsonBody(request.body);
    if ("kind" in body) return body;
    const update = parseUpdate(body.json);
    return update === null ? notAnUpdate : { kind: "accepted", events: await readUpdate(update) };
  }

  return {
    receive,
    send: outbound.send,
    canReach: outbound.canReach,
    typing: outbound.typing,
    fetchAttachment: createFiles({ api: api.calls, config }),
    openStream,
    removePreview: outbound.removePreview,
    async start(context) {
      const troubles = createTroubles((error) => context.reportError(error));
      const introduction = registration.start(troubles, stopped.signal);
      track(introduction.then(({ done }) => done)).catch(() => undefined);
      if (config.mode === "polling") {
        const accept = (events: ChannelEvent[]) => context.accept(events);
        const deps = { ...api, token: config.token, readUpdate, accept, troubles, log };
        context.whileLeader(`telegram:${name}`, (leading) =>
          track(poll(deps, AbortSignal.any([leading, stopped.signal]))),
        );
      } else if (webhookUrl === null) log.info({}, HOW_TO_BE_REACHED);
      // Long enough to know our name when the first message comes, not so long that Telegram holds up the start.
      await Promise.race([introduction, wait(3_000, stopped.signal)]);
    },
    async stop() {
      stopped.abort();
      await Promise.all(running);
      await api.close();
    },
  };
}

const HOW_TO_BE_REACHED =
  "no webhook registered: set CAUSEWAY_PUBLIC_URL to the https address Telegram can reach, " +
  'or set "mode": "polling" on this channel, which needs no public address';

function webhookUrlOf({ name, config, publicUrl }: ChannelOptions<TelegramConfig>): string | null {
  const wanted = config.mode === "webhook" && canCallUs(publicUrl, config.apiRoot);
  return wanted ? `${publicUrl.url}/webhooks/${encodeURIComponent(name)}` : null;
}
