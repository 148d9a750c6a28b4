import { createHmac } from "node:crypto";
import { definition } from "../../../src/channels/whatsapp/index.ts";
import { toWhatsapp } from "../../../src/channels/whatsapp/markup.ts";
import { METAS, PUBLIC_URL, TWILIO } from "../../security/secrets.ts";
import { signedForm } from "../../support/scripted-twilio.ts";
import { formByText } from "../formatting/text-form.ts";
import { type KindSamples, NOWHERE, type SampleMessage } from "../samples.ts";

const FIRST_NUMBER = 491_700_000_001;

const form = ({ text = "hello", person = 0 }: SampleMessage = {}) =>
  new URLSearchParams({
    MessageSid: `SM${Math.random().toString(16).slice(2).padEnd(32, "0").slice(0, 32)}`,
    AccountSid: "AC0123456789abcdef0123456789abcdef",
    From: `whatsapp:+${FIRST_NUMBER + person}`,
    To: "whatsapp:+14155238886",
    WaId: String(FIRST_NUMBER + person),
    Body: text,
    NumMedia: "0",
  }).toString();

const event = ({ text = "hello", person = 0 }: SampleMessage = {}) =>
  JSON.stringify({
    object: "whatsapp_business_account",
    entry: [
      {
        id: "1",
        changes: [
          {
            field: "messages",
            value: {
              messaging_product: "whatsapp",
              metadata: { phone_number_id: "106540352242922" },
              messages: [
                {
                  from: String(FIRST_NUMBER + person),
                  id: `wamid.${Math.random().toString(36).slice(2)}`,
                  timestamp: "1790000000",
                  type: "text",
                  text: { body: text },
                },
              ],
            },
          },
        ],
      },
    ],
  });

export const samples: KindSamples = {
  channels: [
    {
      name: "whatsapp",
      config: { ...TWILIO, apiBaseUrl: NOWHERE },
      webhook: {
        body: form,
        sign(body) {
          const fields = Object.fromEntries(new URLSearchParams(body));
          return signedForm(`${PUBLIC_URL}/webhooks/whatsapp`, fields, TWILIO.authToken).headers;
        },
        signsBody: true,
      },
    },
    {
      name: "meta",
      config: { ...METAS, apiBaseUrl: `${NOWHERE}/v26.0` },
      webhook: {
        body: event,
        sign: (body) => ({
          "content-type": "application/json",
          "x-hub-signature-256": `sha256=${createHmac("sha256", METAS.appSecret).update(body).digest("hex")}`,
        }),
        signsBody: true,
      },
    },
  ],
  credentials: [
    { accountSid: "AC_test", authToken: "auth-token", from: "whatsapp:+14155238886" },
    {
      provider: "meta",
      phoneNumberId: "123",
      accessToken: "token",
      appSecret: "app-secret",
      verifyToken: "v",
    },
  ],
  text: formByText(definition, toWhatsapp),
};
