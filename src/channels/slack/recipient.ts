import type { WebClient } from "@slack/web-api";
import type { StreamTarget } from "../../core/message/live-stream.ts";
import type { SlackPlace } from "./address.ts";
import { type People, workspaceOf } from "./people.ts";

export const isDirect = ({ channel }: SlackPlace) => channel.startsWith("D");

export type FindRecipient = ReturnType<typeof createFindRecipient>;

/**
 * Finds the recipient of a stream. Outside direct conversations Slack needs the recipient and the recipient's workspace.
 * In a shared channel that is the recipient's own workspace, never the organization. Null if it is unknown.
 */
export function createFindRecipient(people: Pick<People, "teamOf">) {
  /** The workspace of our token, if there is only one. */
  let ourTeam: string | null = null;

  /** Asked here and not in `start`, because a process that only answers never calls `start`. */
  async function home(client: WebClient): Promise<string | null> {
    ourTeam ??= workspaceOf((await client.auth.test()).team_id);
    return ourTeam;
  }

  return async (
    client: WebClient,
    place: SlackPlace,
    { userIdentifier }: Pick<StreamTarget, "userIdentifier">,
  ) => {
    if (isDirect(place)) return {};
    const user = userIdentifier?.split("/").at(-1);
    if (user === undefined) return null;
    const known = (await people.teamOf(place.team, user)) ?? workspaceOf(place.team);
    const team = known ?? (place.team === null ? await home(client) : null);
    return team === null ? null : { recipient_user_id: user, recipient_team_id: team };
  };
}
