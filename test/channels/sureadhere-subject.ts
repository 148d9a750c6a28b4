import type { Channel } from "../../src/channels/channel.ts";
import type { RawRequest } from "../../src/channels/channel-webhook.ts";
import { definition } from "../../src/channels/sureadhere/index.ts";
import { nothingKnown } from "../support/channel-values.ts";
import { type FakeSureadhere, startFakeSureadhere } from "../support/fake-sureadhere.ts";
import {
  type ConformanceSubject,
  createSubjectTools,
  type SubjectTools,
  type VendorFault,
} from "./conformance-subject.ts";

export const WEBHOOK_SECRET = "webhook secret & 0123456789";
export const PATIENT = "4711";

/** The channel's own keys in the configuration file, for the client that the fake knows. */
export function sureadhereKeys(fake: FakeSureadhere) {
  const { clientId, clientSecret, clientScope, authUrl, baseUrl } = fake;
  const client = { clientId, clientSecret, clientScope };
  return { tenantId: "tenant-1", ...client, authUrl, baseUrl, webhookSecret: WEBHOOK_SECRET };
}

/** The channel as the composition root creates it, connected to a fake SureAdhere. */
export function sureadhereChannel(
  fake: FakeSureadhere,
  { log, values }: Pick<SubjectTools, "log" | "values"> = createSubjectTools(),
): Channel {
  return definition.create({
    ...nothingKnown(),
    values,
    name: "sureadhere",
    config: definition.configSchema.parse(sureadhereKeys(fake)),
    publicUrl: { url: "http://127.0.0.1:3000", isPublic: false },
    log,
  });
}

/** A webhook request with the secret in its header. */
export function webhook(body: unknown, secret: string | undefined = WEBHOOK_SECRET): RawRequest {
  return {
    method: "POST",
    url: "/webhooks/sureadhere",
    headers: { "content-type": "application/json", "x-webhook-secret": secret },
    body: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)),
  };
}

/** A patient's message, as SureAdhere posts it. */
export const written = (message_text: unknown, patient_id: unknown = Number(PATIENT)) => ({
  message_text,
  patient_id,
});

export const MALFORMED: readonly unknown[] = [
  "{",
  "",
  "[]",
  "null",
  {},
  { message_text: "hello" },
  { patient_id: 7 },
  written(5),
  written(null),
  ...["", "  ", "a\u0000b", "a\nb", "x".repeat(201), 1.5, true, null, {}, [7]].map((id) =>
    written("hello", id),
  ),
  // A JSON parser cannot tell two such numbers apart.
  '{"message_text": "hello", "patient_id": 9007199254740993}',
];

export async function sureadhereSubject(tools: SubjectTools): Promise<ConformanceSubject> {
  const fake = await startFakeSureadhere();
  const channel = sureadhereChannel(fake, tools);
  return {
    channel,
    definition,
    address: PATIENT,
    secrets: [fake.clientSecret, encodeURIComponent(fake.clientSecret), fake.tokenMark, WEBHOOK_SECRET],
    inbound: {
      message: (text) => webhook(written(text)),
      forged: (text) => {
        const signed = webhook(written(text));
        const { "x-webhook-secret": _, ...headers } = signed.headers;
        const inQuery = (secret: string) => ({ ...signed, headers, url: `${signed.url}?secret=${secret}` });
        const wrong = WEBHOOK_SECRET.replace("9", "8");
        return [
          { ...signed, headers },
          webhook(written(text), ""),
          webhook(written(text), "guess"),
          webhook(written(text), wrong),
          inQuery(""),
          inQuery(encodeURIComponent(wrong)),
        ];
      },
      malformed: () => MALFORMED.map((body) => webhook(body)),
      unknownEvents: () => [
        webhook(written("")),
        webhook({ ...written(" \n"), image_url: "https://x/y.png" }),
      ],
      fromBots: () => [],
    },
    platform: {
      received: () => fake.delivered.filter(({ patientId }) => patientId === PATIENT).map(({ text }) => text),
      fail: async (fault) => failFake(fake, fault),
      openConnections: () => fake.openConnections(),
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await fake.close();
    },
  };
}

async function failFake(fake: FakeSureadhere, fault: VendorFault): Promise<void> {
  switch (fault) {
    case "rate_limited":
      return fake.fail({ answer: 429, headers: { "retry-after": "7" } });
    case "recipient_gone":
      return fake.fail({ answer: 404 });
    case "credentials_revoked":
      return fake.revokeClient();
    case "server_error":
      return fake.fail({ answer: 500 });
    case "answer_lost":
      return fake.fail({ cut: "after" });
    case "unreachable":
      return fake.close();
  }
}
