import type { PlatformName } from "./connection.ts";
import { secretFor } from "./invented.ts";
import type { Simulator } from "./simulator.ts";

/** The URLs of a bot that get events. Without one, the bot sets it, connects by itself, or gets none. */
export interface BotUrls {
  slack?: string | undefined;
  twilio?: string | undefined;
  meta?: string | undefined;
  sms?: string | undefined;
}

/** One account of each platform, with made-up secrets that are the same at every start. */
export function addAccounts(simulator: Simulator, platforms: readonly PlatformName[], urls: BotUrls): void {
  if (platforms.includes("telegram"))
    simulator.addTelegram({
      name: "telegram",
      token: `4242424242:SIM${secretFor("telegram").slice(0, 32)}`,
      secretToken: secretFor("telegram-webhook"),
    });
  if (platforms.includes("slack"))
    simulator.addSlack({
      name: "slack",
      botToken: `xoxb-simulated-${secretFor("slack-bot").slice(0, 24)}`,
      appToken: `xapp-1-simulated-${secretFor("slack-app").slice(0, 24)}`,
      signingSecret: secretFor("slack-signing").slice(0, 32),
      requestUrl: urls.slack ?? null,
    });
  if (platforms.includes("sms"))
    simulator.addSms({
      name: "sms",
      accountSid: `AC${secretFor("sms-account").slice(0, 32)}`,
      authToken: secretFor("sms-token").slice(0, 32),
      from: "+15005550006",
      rcs: {
        sender: "rcs:simulated_agent",
        messagingServiceSid: `MG${secretFor("sms-service").slice(0, 32)}`,
      },
      webhookUrl: urls.sms ?? null,
    });
  if (!platforms.includes("whatsapp")) return;
  simulator.addTwilio({
    name: "twilio",
    accountSid: `AC${secretFor("twilio-account").slice(0, 32)}`,
    authToken: secretFor("twilio-token").slice(0, 32),
    from: "whatsapp:+14155238886",
    webhookUrl: urls.twilio ?? null,
  });
  simulator.addMeta({
    name: "meta",
    phoneNumberId: "106540352242922",
    accessToken: `EAASIM${secretFor("meta-token").slice(0, 32)}`,
    appSecret: secretFor("meta-app").slice(0, 32),
    verifyToken: secretFor("meta-verify").slice(0, 16),
    webhookUrl: urls.meta ?? null,
  });
}
