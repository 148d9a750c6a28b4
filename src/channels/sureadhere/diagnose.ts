import { systemClock } from "../../core/clock.ts";
import { broken, type Finding, guessable, well } from "../../core/finding.ts";
import type { DiagnoseOptions } from "../channel.ts";
import { createHttpClient } from "../http-client.ts";
import { createAccessTokens } from "./access-token.ts";
import type { SureadhereConfig } from "./config.ts";
import { describeTokenFault } from "./errors.ts";

/** Asks the authorization server for a token, and the running service about the webhook's secret. */
export async function diagnose(options: DiagnoseOptions<SureadhereConfig>): Promise<Finding[]> {
  const { config } = options;
  const client = createHttpClient();
  try {
    const answer = await createAccessTokens({ client, config, clock: systemClock }).current();
    const token =
      answer.kind === "token"
        ? well("clientId", "The authorization server gives a token.")
        : broken(
            answer.fault.kind === "refused" ? "clientSecret" : "authUrl",
            `There is no token: ${describeTokenFault(answer.fault)}.`,
            "compare `authUrl`, `clientId`, `clientSecret` and `clientScope` with what SureAdhere gave you",
          );
    return [
      token,
      ...guessable("webhookSecret", config.webhookSecret),
      ...(await webhookFindings(options)),
      ...(await options.checkClock(config.authUrl)),
    ];
  } finally {
    await client.close();
  }
}

async function webhookFindings(options: DiagnoseOptions<SureadhereConfig>): Promise<Finding[]> {
  const { config, publicUrl, callWebhook } = options;
  if (!publicUrl.isPublic)
    return [
      broken(
        "",
        "SureAdhere posts to a public https address, and CAUSEWAY_PUBLIC_URL names none.",
        "set CAUSEWAY_PUBLIC_URL to where this service can be reached",
      ),
    ];
  // Not a message, so that nothing comes of it.
  const headers = { "content-type": "application/json", "x-webhook-secret": config.webhookSecret };
  const answer = await callWebhook({ headers, body: "{}" });
  if (answer === null) return [];
  if (answer.status === 400) return [well("webhookSecret", "The running service has this secret.")];
  return [
    broken(
      "webhookSecret",
      `The running service answers ${answer.status} to a request with this secret: it runs with another one, or another service answers there.`,
      "restart the service with this configuration",
    ),
  ];
}
