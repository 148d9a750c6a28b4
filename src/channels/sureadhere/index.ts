import { MARKDOWN_CUTS } from "../../core/text/markdown/blocks.ts";
import { splitText } from "../../core/text/split-text.ts";
import { systemClock } from "../../core/time/clock.ts";
import { wait } from "../../core/time/wait.ts";
import type { Channel } from "../channel.ts";
import { defineChannel } from "../channel-definition.ts";
import type { ChannelOptions } from "../channel-options.ts";
import type { RawRequest, Received } from "../channel-webhook.ts";
import { createHttpClient } from "../http-client.ts";
import { webhookUrlOf } from "../kit/webhook-url.ts";
import { parseJsonBody, proven } from "../webhook-request.ts";
import { createAccessTokens } from "./access-token.ts";
import { type SureadhereConfig, sureadhereConfigSchema } from "./config.ts";
import { diagnose } from "./diagnose.ts";
import { readMessage } from "./inbound.ts";
import { introduce } from "./introduction.ts";
import { canReach, createOutbound, TEXT_LIMIT } from "./outbound.ts";
import { createSharedToken } from "./shared-token.ts";
import { createVerifier, notAMessage } from "./verify.ts";

/** SureAdhere over its webhook. See README.md in this folder for setup and rules. */
export const definition = defineChannel<SureadhereConfig>({
  kind: "sureadhere",
  capabilities: {
    sessions: "single",
    resetCommand: true,
    textLimit: TEXT_LIMIT,
    typingRefreshMs: null,
    receipts: false,
    buttons: null,
    profileVariables: [],
  },
  configSchema: sureadhereConfigSchema,
  create: createSureadhereChannel,
  diagnose,
  split: (text, format) => splitText(text, { limit: TEXT_LIMIT, ...(format !== "text" && MARKDOWN_CUTS) }),
});

function createSureadhereChannel(options: ChannelOptions<SureadhereConfig>): Channel {
  const { config, log } = options;
  const client = createHttpClient();
  const shared = createSharedToken(options);
  const tokens = createAccessTokens({ client, config, clock: systemClock, shared });
  const verify = createVerifier(config.webhookSecret);
  const stopped = new AbortController();
  let introduction: Promise<void> = Promise.resolve();

  async function receive(request: RawRequest): Promise<Received> {
    const rejection = verify(request);
    if (rejection !== null) return rejection;
    const body = parseJsonBody(request.body);
    if ("kind" in body) return body;
    const events = readMessage(body.json, log);
    return events === null ? notAMessage : { kind: "accepted", events };
  }

  return {
    inspect: (head) => verify(head) ?? proven,
    receive,
    send: createOutbound({ client, tokens, baseUrl: config.baseUrl }),
    canReach,
    async start(context) {
      announceUrl(options);
      const report = (words: string | null) => context.reportError(words);
      introduction = introduce({ tokens, report, log }, stopped.signal);
      // This is enough time for a first token, but SureAdhere cannot delay the start for long.
      await Promise.race([introduction, wait(3_000, stopped.signal)]);
    },
    async stop() {
      stopped.abort();
      await client.close();
      await introduction;
    },
  };
}

function announceUrl(options: ChannelOptions<SureadhereConfig>): void {
  const { config, publicUrl, log } = options;
  const { tenantId } = config;
  const webhookUrl = webhookUrlOf(options);
  if (publicUrl.isPublic)
    log.info({ tenantId, webhookUrl }, "the address to which SureAdhere must post its messages");
  else log.info({ tenantId }, HOW_TO_BE_REACHED);
}

const HOW_TO_BE_REACHED =
  "SureAdhere cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service";
