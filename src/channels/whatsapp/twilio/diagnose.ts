import type { Finding } from "../../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../../channel-definition.ts";
import { createApiClient } from "../../kit/api-client.ts";
import { webhookUrlOf } from "../../kit/webhook-url.ts";
import { checkTokens, signatureFindings } from "../../twilio/diagnose-account.ts";
import { senderFindings } from "../../twilio/diagnose-sender.ts";
import type { TwilioConfig } from "./config.ts";
import { words } from "./words.ts";

/** Asks Twilio about the account and the sender, and the running service about the signature. */
export async function diagnoseTwilio(options: DiagnoseOptions<TwilioConfig>): Promise<Finding[]> {
  const { config, signal } = options;
  const client = createApiClient();
  try {
    const { findings, token } = await checkTokens(config, client, words, signal);
    if (token === null) return findings;
    const sender = {
      channel: "whatsapp",
      key: "from",
      id: config.from,
      wanted: webhookUrlOf(options),
      missing: `${config.from} is not among the account's WhatsApp senders; that of the sandbox never is.`,
    } as const;
    return [
      ...findings,
      ...(await senderFindings({ ...config, authToken: token }, client, sender, signal)),
      ...(await signatureFindings(options)),
      ...(await options.checkClock(config.apiBaseUrl)),
    ];
  } finally {
    await client.close();
  }
}
