import type { WebClient } from "@slack/web-api";
import type { OutboundPart, SendResult } from "../../core/message/outbound.ts";
import type { Logger } from "../../core/process/logger.ts";
import type { Reachability } from "../../core/session/reachability.ts";
import { parseAddress, type SlackPlace, toAddress } from "./address.ts";
import { inEitherFormat, type SlackWords } from "./content.ts";
import { describeFault, isRefusal, isSlacks, readFault, sendResultOf } from "./errors.ts";
import { createFloods } from "./floods.ts";
import type { Previews } from "./preview.ts";
import { sendVoice } from "./voice.ts";
import type { SlackWebApi } from "./web-api.ts";

const BAD_ADDRESS = "slack_bad_address";
const NO_TOKEN = { code: "slack_no_token", scope: "conversation" } as const;

export interface OutboundDeps {
  /** A client for an installation; null if the app is not installed. Rejects if the lookup is not possible now. */
  clientOf(team: string | null): Promise<WebClient | null>;
  log: Logger;
}

interface PostingDeps extends OutboundDeps {
  previews: Previews;
  upload: SlackWebApi["upload"];
  /** Called when the app has, or may have, posted in a conversation. */
  onPosted(address: string): void;
}

type Run = (client: WebClient, place: SlackPlace) => Promise<SendResult>;

/** Sends to Slack. Every outcome is a value, and no vendor error leaves this module. */
export function createOutbound({ clientOf, previews, upload, onPosted, log }: PostingDeps) {
  const floods = createFloods();

  async function postWords(client: WebClient, place: SlackPlace, words: SlackWords): Promise<SendResult> {
    try {
      const message = await inEitherFormat(words, (content) =>
        client.chat.postMessage({
          channel: place.channel,
          ...(place.threadTs === null ? {} : { thread_ts: place.threadTs }),
          ...content,
          // Slack would fetch every URL in a model's text. An attacker could make the model put data into such a URL.
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
      const { channel = place.channel, ts = "" } = message;
      // A person who answers below this message means the session that sent it.
      const began = place.threadTs === null ? { began: toAddress(place.team, channel, ts) } : {};
      return { kind: "sent", externalIds: [`${channel}:${ts}`], ...began };
    } catch (error) {
      return sendResultOf(readFault(error));
    }
  }

  /** Makes a call in a workspace, within Slack's limits. */
  async function inWorkspace(place: SlackPlace, address: string, run: Run): Promise<SendResult> {
    const held = floods.hold(place);
    if (held !== null) return held;
    const found = await clientOf(place.team).catch((error: unknown) => withoutToken(error));
    if (found === null) return NOT_INSTALLED;
    if ("kind" in found) return found;
    const judged = floods.judge(place, address, await run(found, place));
    // A refusal or rate limit of one workspace tells nothing about the others.
    return place.team !== null && "scope" in judged ? { ...judged, scope: "conversation" } : judged;
  }

  /** The token was not available, so nothing was sent. If Slack refuses to renew it, Slack will refuse again. */
  function withoutToken(error: unknown): SendResult {
    if (!isSlacks(error)) {
      log.warn({ err: error }, "the token of a Slack workspace could not be read");
      return { kind: "retry", reason: "the token of the workspace could not be read here", ...NO_TOKEN };
    }
    const fault = readFault(error);
    const why = describeFault(fault);
    log.warn({ reason: why }, "no token for a Slack workspace");
    if (isRefusal(fault))
      return { kind: "failed", reason: `the token could not be renewed: ${why}`, ...NO_TOKEN };
    return { kind: "retry", reason: `the token could not be renewed: ${why}`, ...NO_TOKEN };
  }

  async function post(client: WebClient, place: SlackPlace, part: OutboundPart): Promise<SendResult> {
    if (part.file?.voice !== undefined) {
      const { file, ...words } = part;
      return (
        (await sendVoice(client, place, file, upload)) ?? inWriting(await postWords(client, place, words))
      );
    }
    const finished = part.preview === undefined ? null : await previews.finish(client, part.preview, part);
    return finished ?? postWords(client, place, part);
  }

  async function callAt(address: string, run: Run, signal: AbortSignal): Promise<SendResult> {
    const place = parseAddress(address);
    if (place === null)
      return {
        kind: "failed",
        reason: `"${address}" is not a Slack conversation: it looks like C0123456789:1712345678.123456`,
        code: BAD_ADDRESS,
        scope: "conversation",
      };
    if (signal.aborted)
      return {
        kind: "retry",
        reason: "stopped before it was sent",
        code: "aborted",
        scope: "conversation",
      };
    return orAborted(inWorkspace(place, address, run), signal);
  }

  return {
    callAt,

    async send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
      const run: Run = (client, place) => post(client, place, part);
      const result = await callAt(part.address, run, signal);
      if (result.kind === "sent" || result.kind === "unknown") onPosted(part.address);
      return result;
    },

    /** A person is known by an id. Only Slack's own clients know people by name. */
    async canReach(user: string): Promise<Reachability> {
      if (parseAddress(user) !== null) return { kind: "reachable" };
      const reason = `"${user}" is not the id of a Slack user: it looks like U0123456789`;
      return { kind: "unreachable", code: BAD_ADDRESS, reason };
    },

    async removePreview(address: string, preview: string): Promise<boolean> {
      const place = parseAddress(address);
      if (place === null) return true;
      const client = await clientOf(place.team).catch(() => undefined);
      if (client === undefined) return false;
      return client === null || previews.remove(client, preview);
    },
  };
}

/** The text of a reply that was to be spoken. */
function inWriting(result: SendResult): SendResult {
  if (result.kind !== "sent") return result;
  const reason = "Slack took no upload, or the sound could not be read, so its text was sent";
  return { ...result, note: { code: "voice_refused", reason } };
}

const NOT_INSTALLED: SendResult = {
  kind: "failed",
  reason: "the app is not installed in this Slack workspace any more",
  code: "slack_not_installed",
  scope: "conversation",
};

/** Slack's client cannot be interrupted. An aborted send continues, and its outcome is unknown here. */
function orAborted(sending: Promise<SendResult>, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      resolve({ kind: "unknown", reason: "stopped while it was being sent", code: "aborted" });
    signal.addEventListener("abort", onAbort, { once: true });
    sending.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
