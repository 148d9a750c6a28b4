import { describeFault } from "../errors.ts";
import type { Provider } from "../provider.ts";
import { twilioWords } from "./codes.ts";
import type { RestApi } from "./rest-api.ts";

/** How far Twilio's clock and ours may be apart, milliseconds. */
const CLOCKS_APART_MS = 60_000;

/** Looks among the messages Twilio has for those that it took although we never heard so. */
export function createFinder(api: Pick<RestApi, "listMessages">): NonNullable<Provider["findSent"]> {
  return async (to, { text, isFile }, since, signal) => {
    const listed = await api.listMessages(to, signal);
    if (listed.kind === "fault") throw new Error(describeFault(listed.fault, twilioWords));
    const earliest = since.getTime() - CLOCKS_APART_MS;
    const matching = listed.messages.filter(
      ({ body, num_media: media, direction, date_created: created }) =>
        // Of a file the list says that there is one, not which.
        ((isFile && Number(media) > 0) || (typeof body === "string" && body.trim() === text.trim())) &&
        direction !== "inbound" &&
        (typeof created !== "string" || Date.parse(created) >= earliest),
    );
    return matching.flatMap(({ sid }) => (typeof sid === "string" ? [sid] : [])).reverse();
  };
}
