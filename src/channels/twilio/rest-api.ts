import twilio from "twilio";
import type {
  MessageInstance,
  MessageListInstanceCreateOptions,
} from "twilio/lib/rest/api/v2010/account/message.js";
import type { ApiClient } from "../kit/api-client.ts";
import type { ApiFault } from "../kit/api-fault.ts";
import type { Sender, TwilioAccount } from "./account.ts";
import { CallFailed, SdkTransport, UNREADABLE } from "./sdk-transport.ts";

type Outcome<T> = { kind: "ok"; value: T } | { kind: "fault"; fault: ApiFault };

export type NewMessage = Omit<
  MessageListInstanceCreateOptions,
  "from" | "messagingServiceSid" | "fallbackFrom"
>;
export type ListedMessage = Pick<
  MessageInstance,
  "sid" | "body" | "numMedia" | "direction" | "dateCreated" | "messagingServiceSid"
>;

export interface RestApi {
  /** Creates a message (Twilio, "Message resource"). Returns its id. */
  createMessage(message: NewMessage, signal: AbortSignal): Promise<Outcome<string>>;
  /** Our newest hundred messages to a user, newest first. */
  listMessages(to: string, signal: AbortSignal): Promise<Outcome<ListedMessage[]>>;
  /** Requests our own account, to test the credentials; null if they work. */
  check(signal: AbortSignal): Promise<ApiFault | null>;
  /** Shows that the bot is answering the message with this id (Twilio, "Typing Indicators"); null if it worked. */
  showTyping(messageSid: string, signal: AbortSignal): Promise<ApiFault | null>;
}

const MOST_LISTED = 100;

/** The few necessary calls. Each is made once, because the code that records the outcome decides about retries. */
export function createRestApi(config: TwilioAccount, sender: Sender, client: ApiClient): RestApi {
  const { accountSid } = config;
  const transport = new SdkTransport(client, config.apiBaseUrl);
  const sdks = createSdks(config, transport);

  /** Calls with the token that works. A request refused for its token was not executed, so it can be repeated. */
  async function ask<T>(call: (sdk: twilio.Twilio) => Promise<T>, signal: AbortSignal): Promise<Outcome<T>> {
    for (const sdk of sdks.inOrder()) {
      const outcome = await attempt(() => transport.run(() => call(sdk), signal));
      const isRefused = outcome.kind === "fault" && isUnauthorized(outcome.fault);
      if (isRefused && sdks.refused(sdk)) continue;
      return outcome;
    }
    return { kind: "fault", fault: REFUSED };
  }

  return {
    async createMessage(message, signal) {
      const outcome = await ask((sdk) => sdk.messages.create({ ...sender, ...message }), signal);
      return requireSid(outcome);
    },
    async listMessages(to, signal) {
      const most = { pageSize: MOST_LISTED, limit: MOST_LISTED };
      if ("from" in sender) return ask((sdk) => sdk.messages.list({ to, ...sender, ...most }), signal);
      // The service chose the address after the call, and the list has no filter for services.
      const lists = [];
      for (const address of [to, `rcs:${to}`]) {
        const listed = await ask((sdk) => sdk.messages.list({ to: address, ...most }), signal);
        if (listed.kind === "fault") return listed;
        lists.push(...listed.value);
      }
      const { messagingServiceSid } = sender;
      return { kind: "ok", value: lists.filter((each) => each.messagingServiceSid === messagingServiceSid) };
    },
    async check(signal) {
      const outcome = requireSid(await ask((sdk) => sdk.api.v2010.accounts(accountSid).fetch(), signal));
      return outcome.kind === "ok" ? null : outcome.fault;
    },
    async showTyping(messageId, signal) {
      const outcome = await ask(
        (sdk) => sdk.messaging.v2.typingIndicator.create({ channel: "whatsapp", messageId }),
        signal,
      );
      return outcome.kind === "ok" ? null : outcome.fault;
    },
  };
}

async function attempt<T>(call: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { kind: "ok", value: await call() };
  } catch (error) {
    if (error instanceof CallFailed) return { kind: "fault", fault: error.fault };
    // A page without the list of messages.
    if (error instanceof Error && error.message.startsWith("Page Records"))
      return { kind: "fault", fault: UNREADABLE };
    throw error;
  }
}

function requireSid(outcome: Outcome<{ sid: unknown }>): Outcome<string> {
  if (outcome.kind === "fault") return outcome;
  const { sid } = outcome.value;
  return typeof sid === "string" ? { kind: "ok", value: sid } : { kind: "fault", fault: UNREADABLE };
}

const isUnauthorized = (fault: ApiFault) => fault.kind === "refused" && fault.status === 401;

const REFUSED: ApiFault = { kind: "refused", status: 401, code: 20003, said: null, retryAfterMs: null };

/** One SDK client for each token. During a token replacement first the one and then the other works. */
function createSdks(
  { accountSid, authToken, secondaryAuthToken }: TwilioAccount,
  httpClient: twilio.RequestClient,
) {
  const tokens = secondaryAuthToken === undefined ? [authToken] : [authToken, secondaryAuthToken];
  const all = tokens.map((token) => twilio(accountSid, token, { httpClient }));
  let preferred = all;
  return {
    inOrder: (): readonly twilio.Twilio[] => preferred,
    /** Returns true if there is another token to try. */
    refused(sdk: twilio.Twilio): boolean {
      preferred = [...all.filter((each) => each !== sdk), sdk];
      return all.length > 1;
    },
  };
}
