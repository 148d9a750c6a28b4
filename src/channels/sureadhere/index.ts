import { systemClock } from "../../core/clock.ts";
import { formattedSpans } from "../../core/markdown/blocks.ts";
import { splitText } from "../../core/split-text.ts";
import { wait } from "../../core/wait.ts";
import {
  type Channel,
  type ChannelOptions,
  defineChannel,
  type RawRequest,
  type Received,
} from "../channel.ts";
import { createHttpClient } from "../http-client.ts";
import { parseJsonBody } from "../webhook-request.ts";
import { createAccessTokens } from "./access-token.ts";
import { type SureadhereConfig, sureadhereConfigSchema } from "./config.ts";
import { diagnose } from "./diagnose.ts";
import { readMessage } from "./inbound.ts";
import { introduce } from "./introduction.ts";
import { canReach, createOutbound, TEXT_LIMIT } from "./outbound.ts";
import { createVerifier, notAMessage } from "./verify.ts";

/** SureAdhere, by webhook. See README.md beside this file for set-up and rules. */
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
  split: (text) => splitText(text, { limit: TEXT_LIMIT, fences: true, keepTogether: formattedSpans }),
});

function createSureadhereChannel(options: ChannelOptions<SureadhereConfig>): Channel {
  const { config, log } = options;
  const client = createHttpClient();
  const tokens = createAccessTokens({ client, config, clock: systemClock });
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
    receive,
    send: createOutbound({ client, tokens, baseUrl: config.baseUrl }),
    canReach,
    async start(context) {
      announceUrl(options);
      const report = (words: string | null) => context.reportError(words);
      introduction = introduce({ tokens, report, log }, stopped.signal);
      // Long enough for a first token, not so long that SureAdhere holds up the start.
      await Promise.race([introduction, wait(3_000, stopped.signal)]);
    },
    async stop() {
      stopped.abort();
      await client.close();
      await introduction;
    },
  };
}

function announceUrl({ name, config, publicUrl, log }: ChannelOptions<SureadhereConfig>): void {
  const { tenantId } = config;
  const webhookUrl = `${publicUrl.url}/webhooks/${encodeURIComponent(name)}`;
  if (publicUrl.isPublic) log.info({ tenantId, webhookUrl }, "where SureAdhere posts its messages");
  else log.info({ tenantId }, HOW_TO_BE_REACHED);
}

const HOW_TO_BE_REACHED =
  "SureAdhere cannot reach this channel: set CAUSEWAY_PUBLIC_URL to an https address of this service";
