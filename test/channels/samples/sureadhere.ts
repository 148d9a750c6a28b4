import { definition } from "../../../src/channels/sureadhere/index.ts";
import { toPlainText } from "../../../src/core/text/markdown/plain-text.ts";
import { SUREADHERE_SECRET } from "../../security/secrets.ts";
import { formByText } from "../formatting/text-form.ts";
import { type KindSamples, NOWHERE } from "../samples.ts";

const credentials = {
  tenantId: "tenant",
  clientId: "client",
  clientSecret: "client-secret-0123456789",
  authUrl: `${NOWHERE}/token`,
  baseUrl: NOWHERE,
  webhookSecret: SUREADHERE_SECRET,
};

export const samples: KindSamples = {
  channels: [
    {
      name: "sureadhere",
      config: credentials,
      webhook: {
        body: ({ text = "hello", person = 0 } = {}) =>
          JSON.stringify({ message_text: text, patient_id: 4711 + person }),
        sign: () => ({ "content-type": "application/json", "x-webhook-secret": SUREADHERE_SECRET }),
        signsBody: false,
      },
    },
  ],
  credentials: [credentials],
  text: formByText(definition, toPlainText),
};
