import { definition } from "../../../src/channels/sms/index.ts";
import { toPlainText } from "../../../src/core/text/markdown/plain-text.ts";
import { PUBLIC_URL, TWILIO } from "../../security/secrets.ts";
import { signedForm } from "../../support/scripted-twilio.ts";
import { formByText } from "../formatting/text-form.ts";
import { type KindSamples, NOWHERE, type SampleMessage } from "../samples.ts";

const FIRST_NUMBER = 491_700_000_001;
const ACCOUNT = { accountSid: TWILIO.accountSid, authToken: TWILIO.authToken, from: "+14155238887" };

const form = ({ text = "hello", person = 0 }: SampleMessage = {}) =>
  new URLSearchParams({
    MessageSid: `SM${Math.random().toString(16).slice(2).padEnd(32, "0").slice(0, 32)}`,
    AccountSid: ACCOUNT.accountSid,
    From: `+${FIRST_NUMBER + person}`,
    To: ACCOUNT.from,
    Body: text,
    NumMedia: "0",
  }).toString();

export const samples: KindSamples = {
  channels: [
    {
      name: "sms",
      config: { ...ACCOUNT, apiBaseUrl: NOWHERE },
      webhook: {
        body: form,
        sign(body) {
          const fields = Object.fromEntries(new URLSearchParams(body));
          return signedForm(`${PUBLIC_URL}/webhooks/sms`, fields, ACCOUNT.authToken).headers;
        },
        signsBody: true,
      },
    },
  ],
  credentials: [ACCOUNT],
  text: formByText(definition, toPlainText),
};
