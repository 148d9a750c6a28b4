import { z } from "zod";
import type { Logger } from "../../../core/process/logger.ts";
import { FEED_EVENTS } from "../../../feed/feed-changes-repository.ts";
import type { Feeds } from "../../../feed/feeds.ts";
import { lastEventId } from "../../streams/event-stream.ts";
import { streamNews } from "../../streams/news-stream.ts";
import { shownTo } from "../route/contacts.ts";
import { type Caller, defineRoute, type Route } from "../route/route.ts";
import { feedSource } from "./feed-source.ts";

/** Time until a browser reconnects, milliseconds. */
const RETRY_MS = 1_000;

/** `GET /feed`: everything that changes in a workspace, for lists that show the present. */
export function feedRoutes({ feeds, log }: { feeds: Feeds; log: Logger }): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/feed",
      operationId: "followFeed",
      summary: "Follow everything that changes",
      description:
        "Server-Sent Events: `session`, `message`, `execution`, `delivery`, `handoff` (for keys with `handoff:read`) " +
        "and `channel`. Each is the state of one thing now, `{id, session_id?, …}`, with what a row of a list needs; " +
        "the newest one of an id counts. `ready` comes first. `Last-Event-ID` resumes. Where too much has happened " +
        "since, or for a reader who is too slow, `reset` comes once: read the lists again.",
      tag: "Console",
      scope: "sessions:read",
      responses: [
        { status: 200, description: "The events", schema: z.string(), contentType: "text/event-stream" },
      ],
      errors: [
        { status: 400, code: "invalid_last_event_id", when: "`Last-Event-ID` is no id of this stream" },
      ],
      async handle({ caller, headers }) {
        const afterId = lastEventId(headers["last-event-id"]);
        const wanted = {
          workspaceId: caller.workspaceId,
          afterId,
          events: eventsFor(caller),
          shown: shownTo(caller),
        };
        return {
          async stream(_request, response) {
            streamNews(response, (notify) => feedSource(feeds, wanted, notify), {
              retryMs: RETRY_MS,
              onOver: () => undefined,
              onFailure: (err) => log.error({ err }, "a reader's feed broke off"),
            });
          },
        };
      },
    }),
  ];
}

function eventsFor({ scopes }: Caller): ReadonlySet<string> {
  const handoffs = scopes.includes("admin") || scopes.includes("handoff:read");
  return new Set(["reset", ...FEED_EVENTS.filter((name) => name !== "handoff" || handoffs)]);
}
