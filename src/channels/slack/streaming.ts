import type { LiveStream, StreamTarget } from "../../core/message/live-stream.ts";
import { parseAddress } from "./address.ts";
import { showAnswer } from "./live-answer.ts";
import { editCalls, streamCalls } from "./live-calls.ts";
import type { OutboundDeps } from "./outbound.ts";
import type { People } from "./people.ts";
import type { Previews } from "./preview.ts";
import { createFindRecipient, isDirect } from "./recipient.ts";
import { createStreamingLimits } from "./streaming-limits.ts";

export interface StreamingDeps extends OutboundDeps {
  previews: Previews;
  people: Pick<People, "teamOf">;
  /** `auto`: streams where Slack supports them. `true`: also edits a message where Slack does not. */
  streaming: boolean | "auto";
  /** True if tools at work are shown as cards. */
  toolCards: boolean;
}

/**
 * Shows unfinished answers, by Slack's streams or by edits of a message. An error ends the preview and nothing else.
 */
export function createStreaming(deps: StreamingDeps) {
  const { previews, streaming } = deps;
  const limits = createStreamingLimits();
  const findRecipient = createFindRecipient(deps.people);
  const showing = new Set<string>();

  function openStream(target: StreamTarget): LiveStream | null {
    const found = parseAddress(target.address);
    if (found?.threadTs == null || streaming === false) return null;
    if (limits.isQuiet(found)) return null;
    // Outside direct conversations a stream needs a recipient.
    const isStream = limits.hasStreams(found) && (isDirect(found) || target.userIdentifier !== null);
    if (!isStream && streaming !== true) return null;
    const place = { ...found, threadTs: found.threadTs };
    const calls = isStream ? streamCalls({ previews, findRecipient }, place, target) : editCalls(place);
    return showAnswer(deps, { place, target, isStream, calls, limits, showing });
  }

  return { openStream, isShowing: (address: string) => showing.has(address) };
}
