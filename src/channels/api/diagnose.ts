import { broken, doubtful, type Finding, well } from "../../core/finding.ts";
import { newId } from "../../core/ids.ts";
import type { DiagnoseOptions } from "../channel.ts";
import { createHttpClient, type HttpOutcome } from "../http-client.ts";
import type { ApiConfig, ReplyWebhook } from "./config.ts";
import { describeOutcome } from "./errors.ts";
import { postSigned } from "./outbound.ts";

/** Asks the endpoint that replies are posted to: once as we are, once as somebody who does not have the secret. */
export async function diagnose({ name, config, signal }: DiagnoseOptions<ApiConfig>): Promise<Finding[]> {
  const { webhook } = config;
  if (webhook === undefined) return [well("webhook", "Replies are read from the API, nothing is posted.")];
  const client = createHttpClient();
  const ping = (secret: string) =>
    postSigned(
      client,
      { ...webhook, secret },
      { version: 1, type: "ping", delivery_id: newId(), channel: name },
      signal,
    );
  try {
    const signed = signedFinding(await ping(webhook.secret), webhook);
    if (signed.severity === "error") return [signed];
    return [signed, forgedFinding(await ping(`${webhook.secret}-not`))];
  } finally {
    await client.close();
  }
}

function signedFinding(outcome: HttpOutcome, { url }: ReplyWebhook): Finding {
  const { host } = new URL(url);
  if (outcome.kind !== "answered" || outcome.status < 400) {
    if (outcome.kind === "answered" && outcome.status < 300)
      return well("webhook.url", `${host} takes posts.`);
    return broken(
      "webhook.url",
      `Nothing can be posted: ${describeOutcome(outcome)}.`,
      "start the endpoint, and check the address",
    );
  }
  if (outcome.status === 401 || outcome.status === 403)
    return broken(
      "webhook.secret",
      `${host} refuses the signature (HTTP ${outcome.status}).`,
      "give both sides the same secret",
    );
  return doubtful(
    "webhook.url",
    `${host} answers a signed ping with HTTP ${outcome.status}.`,
    "answer 2xx to a `type` you do not know",
  );
}

function forgedFinding(outcome: HttpOutcome): Finding {
  const isTaken = outcome.kind === "answered" && outcome.status < 300;
  if (!isTaken) return well("webhook.secret", "It refuses what is signed with another secret.");
  return broken(
    "webhook.secret",
    "It takes what is signed with another secret: anybody can post to it.",
    "compute HMAC-SHA256 of `<t>.<raw body>` with the secret and answer 401 to what does not match",
  );
}
