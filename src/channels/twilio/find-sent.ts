import { describeFault } from "../kit/api-fault.ts";
import { twilioWords } from "./codes.ts";
import type { RestApi } from "./rest-api.ts";

/** Maximum difference between Twilio's clock and ours, milliseconds. */
const CLOCKS_APART_MS = 60_000;

/** Searches Twilio's list for messages that it accepted although its answer was lost. */
export function createFinder(api: Pick<RestApi, "listMessages">) {
  /** `isFile`: it may have become a text, a link to the file. */
  return async (
    to: string,
    { text, isFile }: { text: string; isFile: boolean },
    since: Date,
    signal: AbortSignal,
  ): Promise<string[]> => {
    const listed = await api.listMessages(to, signal);
    if (listed.kind === "fault") throw new Error(describeFault(listed.fault, twilioWords));
    const earliest = new Date(since.getTime() - CLOCKS_APART_MS);
    const matching = listed.value.filter(
      ({ body, numMedia, direction, dateCreated }) =>
        // The list tells that a message has a file, but not which one.
        ((isFile && Number(numMedia) > 0) || (typeof body === "string" && body.trim() === text.trim())) &&
        direction !== "inbound" &&
        !(dateCreated < earliest),
    );
    return matching.flatMap(({ sid }) => (typeof sid === "string" ? [sid] : [])).reverse();
  };
}
