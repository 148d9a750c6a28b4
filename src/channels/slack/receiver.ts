import type { App, Receiver } from "@slack/bolt";
import { z } from "zod";
import type { ChannelEvent } from "../../core/message/channel-event.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { RawRequest, Received } from "../channel-webhook.ts";
import { type Later, receivedOf } from "../kit/later.ts";
import { parseJsonBody, reject } from "../webhook-request.ts";
import { type SlackContext, UnreadableBody } from "./app.ts";
import { createVerifier } from "./verify.ts";

/** The receiver of Slack's requests. The HTTP server calls it, so it has nothing to start. */
export interface WebhookReceiver extends Receiver {
  /** Verifies a request and reads its content. The caller stores that, and answers afterwards. */
  receive(request: RawRequest): Promise<Received>;
}

const envelopeSchema = z.looseObject({ type: z.string(), challenge: z.string().optional() });

export function createWebhookReceiver(signingSecrets: readonly string[], log: Logger): WebhookReceiver {
  const verify = createVerifier(signingSecrets);
  let app: Pick<App, "processEvent"> | undefined;

  async function process(body: object, headers: RawRequest["headers"]): Promise<Received> {
    let content: ChannelEvent[] | Later = [];
    let answer: unknown;
    const context: SlackContext = {
      async hand(given) {
        content = given;
      },
    };
    try {
      await app?.processEvent({
        body,
        customProperties: context,
        retryNum: Number(headers["x-slack-retry-num"] ?? 0),
        retryReason: headers["x-slack-retry-reason"] ?? "",
        async ack(given) {
          answer = given;
        },
      });
    } catch (error) {
      if (error instanceof UnreadableBody) return unreadable;
      throw error;
    }
    const received = receivedOf(content);
    return received.kind === "later" || answer === undefined
      ? received
      : { ...received, response: jsonAnswer(answer) };
  }

  return {
    init(given) {
      app = given;
    },
    start: () => Promise.resolve(),
    stop: () => Promise.resolve(),
    async receive(request) {
      const verified = verify(request);
      if ("kind" in verified) return verified;
      if (verified.format === "form") {
        const form = parseForm(request.body);
        return form === null ? unreadable : process(form, request.headers);
      }
      const parsed = parseJsonBody(request.body);
      if ("kind" in parsed) return parsed;
      const { data: body } = envelopeSchema.safeParse(parsed.json);
      switch (body?.type) {
        case undefined:
          return notAnEvent;
        case "url_verification":
          if (body?.challenge === undefined) return notAnEvent;
          return { kind: "accepted", events: [], response: jsonAnswer({ challenge: body.challenge }) };
        case "app_rate_limited":
          log.warn({}, "Slack holds back events: the app gets more than 30,000 an hour in one workspace");
          return { kind: "accepted", events: [] };
        default:
          return process(body ?? {}, request.headers);
      }
    },
  };
}

/** The body of a form: the fields of a command, or the JSON of an interaction. Null if that is no object. */
function parseForm(body: Buffer): object | null {
  const fields = Object.fromEntries(new URLSearchParams(body.toString("utf8")));
  if (fields["payload"] === undefined) return fields;
  try {
    return z.looseObject({}).parse(JSON.parse(fields["payload"]));
  } catch {
    return null;
  }
}

const jsonAnswer = (body: unknown) => ({
  status: 200,
  contentType: "application/json; charset=utf-8",
  body: JSON.stringify(body),
});

/** An acknowledged body counts as taken, and this one would be lost. */
const unreadable = reject(400, "unreadable_event", "the body has no shape of a Slack event that can be read");

/** The body is JSON, but Slack sends no such body. */
const notAnEvent = reject(400, "not_an_event", "the body is not a Slack event: no type");
