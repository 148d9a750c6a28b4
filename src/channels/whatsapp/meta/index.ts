import { createApiClient } from "../../kit/api-client.ts";
import { unproven } from "../../webhook-request.ts";
import type { Provider, ProviderOptions } from "../provider.ts";
import { metaWords } from "./codes.ts";
import type { MetaConfig } from "./config.ts";
import { createGraphApi } from "./graph-api.ts";
import { createInbound } from "./inbound.ts";
import { findMedia } from "./media.ts";
import { createOutbound } from "./outbound.ts";
import { answerChallenge, checkHead, createVerifier } from "./verify.ts";

/** WhatsApp through Meta's own Cloud API. */
export function createMetaProvider({ config, onTrouble, log }: ProviderOptions<MetaConfig>): Provider {
  const { appSecret, secondaryAppSecret, verifyToken, phoneNumberId } = config;
  const client = createApiClient();
  const api = createGraphApi(config, client);
  const appSecrets = secondaryAppSecret === undefined ? [appSecret] : [appSecret, secondaryAppSecret];
  const trust = { appSecrets, verifyToken };
  const verify = createVerifier(trust);
  const readEvents = createInbound({
    phoneNumberId,
    hasTemplate: config.template !== undefined,
    onTrouble,
    log,
  });

  return {
    words: metaWords,
    // Meta sends a GET to check that this URL is ours.
    inspect: (head) => (head.method === "GET" ? unproven : (checkHead(head) ?? unproven)),
    receive(request) {
      if (request.method === "GET") return answerChallenge(request, trust);
      const verified = verify(request);
      return "kind" in verified ? verified : { kind: "accepted", events: readEvents(verified.body) };
    },
    ...createOutbound(api, config),
    findSent: null,
    findMedia: (mediaId, signal) => findMedia({ config, api }, mediaId, signal),
    showTyping: (messageId, signal) => api.showTyping(messageId, signal),
    check: (signal) => api.check(signal),
    async ownNumber(signal) {
      const number = await api.read(`${phoneNumberId}?fields=display_phone_number`, signal);
      return number === null ? null : String(number["display_phone_number"] ?? "");
    },
    setUp:
      'the callback URL to enter in the Meta app under "WhatsApp, Configuration", with `verifyToken` beside it; ' +
      "subscribe to the field `messages`",
    close: () => client.close(),
  };
}
