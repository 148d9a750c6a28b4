import type { Logger } from "../../../core/process/logger.ts";
import type { Json, JsonObject } from "../../../core/text/json.ts";
import type { FeedDeps } from "../../../feed/feed.ts";
import { createFeedChangesRepository } from "../../../feed/feed-changes-repository.ts";
import { SESSION_NEWS } from "../../../sessions/session-notices.ts";
import type { ServiceEngine } from "../../service.ts";
import { type ChannelRoutesDeps, presentChannel } from "../channels/channels.ts";

/** The topic of deliveries that an operator sends again. */
export const RETRIED = "deliveries-retried";

/** Maximum channels of a workspace that the feed shows. */
const MOST_CHANNELS = 100;

/** The sources of the feed: the database, notices of this process, and the channels as the API shows them. */
export function feedDeps(deps: ChannelRoutesDeps & { engine: ServiceEngine; log: Logger }): FeedDeps {
  const { engine, channels, trouble, log } = deps;
  return {
    changes: createFeedChangesRepository(engine.database.pool),
    onNews: (listener) => engine.hub.subscribe(SESSION_NEWS, listener),
    onRetried: (listener) => engine.hub.subscribe(RETRIED, (ids) => listener(textsIn(ids))),
    async channels(workspaceId) {
      const page = { limit: MOST_CHANNELS, offset: 0, after: null };
      const { rows } = await channels.list(workspaceId, page);
      return rows.map((channel) => {
        const shown = presentChannel(channel, trouble(channel.id));
        const data: JsonObject = JSON.parse(JSON.stringify(shown));
        // The times of the last messages change all the time.
        const { state, last_error } = shown;
        return { id: channel.id, data, state: { state, last_error } };
      });
    },
    log,
  };
}

function textsIn(data: Json): string[] {
  return Array.isArray(data) ? data.filter((item) => typeof item === "string") : [];
}
