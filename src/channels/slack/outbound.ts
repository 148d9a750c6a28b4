import type { WebClient } from "@slack/web-api";
import type { Logger } from "../../core/logger.ts";
import type { OutboundPart, SendResult } from "../../core/outbound.ts";
import type { Reachability } from "../../core/reachability.ts";
import { parseAddress, type SlackPlace, toAddress } from "./address.ts";
import { inEitherFormat, type SlackWords } from "./content.ts";
import { describeFault, isFinal, readFault, sendResultOf } from "./errors.ts";
import type { Previews } from "./preview.ts";

const STATUS = "is thinking…";
const BAD_ADDRESS = "slack_bad_address";

export interface OutboundDeps {
  /** A client for an installation; null where the app is not installed. Rejects where that cannot be known now. */
  clientOf(team: string | null): Promise<WebClient | null>;
  log: Logger;
}

/** Writes to Slack. Every outcome is a value; nothing of the vendor's errors gets out. */
export function createOutbound({ clientOf, previews, log }: OutboundDeps & { previews: Previews }) {
  const statusRefused = new Set<string | null>();

  async function postWords(client: WebClient, place: SlackPlace, words: SlackWords): Promise<SendResult> {
    try {
      const message = await inEitherFormat(words, (content) =>
        client.chat.postMessage({
          channel: place.channel,
          ...(place.threadTs === null ? {} : { thread_ts: place.threadTs }),
          ...content,
          // Slack would fetch every address a model writes, and with it what the model was talked into putting there.
          unfurl_links: false,
          unfurl_media: false,
        }),
      );
      const { channel = place.channel, ts = "" } = message;
      // Whoever answers below it answers this message, and means the session that sent it.
      const began = place.threadTs === null ? { began: toAddress(place.team, channel, ts) } : {};
      return { kind: "sent", externalIds: [`${channel}:${ts}`], ...began };
    } catch (error) {
      return sendResultOf(readFault(error));
    }
  }

  async function post(place: SlackPlace, part: OutboundPart): Promise<SendResult> {
    const found = await clientOf(place.team).catch((error: unknown) => notYet(error));
    if (found === null) return NOT_INSTALLED;
    if ("kind" in found) return found;
    const final =
      (part.preview === undefined ? null : await previews.finish(found, part.preview, part)) ??
      (await postWords(found, place, part));
    // What one workspace refuses or holds back says nothing about the others.
    return place.team !== null && "scope" in final ? { ...final, scope: "conversation" } : final;
  }

  /** The token could not be had: nothing was sent. */
  function notYet(error: unknown): SendResult {
    log.warn({ reason: describeFault(readFault(error)) }, "the token of a Slack workspace could not be had");
    const reason = "the token of the workspace could not be read or renewed";
    return { kind: "retry", reason, code: "slack_no_token", scope: "conversation" };
  }

  return {
    async send(part: OutboundPart, signal: AbortSignal): Promise<SendResult> {
      const place = parseAddress(part.address);
      if (place === null)
        return {
          kind: "failed",
          reason: `"${part.address}" is not a Slack conversation: it looks like C0123456789:1712345678.123456`,
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
      return orAborted(post(place, part), signal);
    },

    /** A person is known by their id; a name is known to Slack's own clients only. */
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

    async typing(address: string, signal: AbortSignal): Promise<void> {
      const place = parseAddress(address);
      if (place?.threadTs == null || statusRefused.has(place.team) || signal.aborted) return;
      try {
        const client = await clientOf(place.team);
        if (client === null) return;
        await client.assistant.threads.setStatus({
          channel_id: place.channel,
          thread_ts: place.threadTs,
          status: STATUS,
        });
      } catch (error) {
        const fault = readFault(error);
        if (isFinal(fault)) statusRefused.add(place.team);
        if (!signal.aborted) log.debug({ address, reason: describeFault(fault) }, "status not shown");
      }
    },
  };
}

const NOT_INSTALLED: SendResult = {
  kind: "failed",
  reason: "the app is not installed in this Slack workspace any more",
  code: "slack_not_installed",
  scope: "conversation",
};

/** Slack's client cannot be interrupted: an aborted send goes on, and its outcome is not known here. */
function orAborted(sending: Promise<SendResult>, signal: AbortSignal): Promise<SendResult> {
  return new Promise((resolve, reject) => {
    const onAbort = () =>
      resolve({ kind: "unknown", reason: "stopped while it was being sent", code: "aborted" });
    signal.addEventListener("abort", onAbort, { once: true });
    sending.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
