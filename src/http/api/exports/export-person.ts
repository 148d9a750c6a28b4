import type { PageRequest, Slice } from "../../../core/page.ts";
import type { Reachability } from "../../../core/session/reachability.ts";
import type { ScheduleQueries, ScheduleView } from "../../../schedules/schedule-queries-repository.ts";
import type { MessageQueries } from "../../../sessions/message-queries-repository.ts";
import type { SessionQueries } from "../../../sessions/session-queries-repository.ts";
import type { PersonalDataRepository } from "../../../users/personal-data-repository.ts";
import type { UserView } from "../../../users/user-repository.ts";
import { requireScope } from "../route/auth.ts";
import { shownTo } from "../route/contacts.ts";
import { type Caller, defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";
import { presentSchedule } from "../schedules/schedule-resource.ts";
import { presentUser, USER_NOT_FOUND, userNotFound } from "../users/users.ts";
import { exportedSessions } from "./exported-sessions.ts";
import { type PersonRecords, recordsOf } from "./person-records.ts";
import { personSchema } from "./person-schema.ts";
import { writeChunks } from "./write-chunks.ts";

export interface PersonExportDeps {
  users: { get(workspaceId: string, id: string): Promise<UserView | null> };
  /** Tells if the bot may write to a user without a message from the user. */
  reach(user: UserView): Promise<Reachability>;
  personal: PersonalDataRepository;
  records: PersonRecords & { schedules: Pick<ScheduleQueries, "list"> };
  sessions: Pick<SessionQueries, "next">;
  messages: Pick<MessageQueries, "list">;
}

const SCHEDULES = 100;

/** `GET /users/{id}/export`: everything that is stored about one person, as one document. */
export function personExportRoutes(deps: PersonExportDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/users/{id}/export",
      operationId: "exportUser",
      summary: "Export a person",
      description:
        "Everything that is stored about them, for them or for another service. It has profile, other names, participant data, ratings, schedules and handoffs with their notes. It also has how they were let in, changes by operators, and each session with all its messages, the oldest first. The document is streamed, so it may be large. The `url` of a file gives its content. The key also needs the scope `sessions:read`. `handoffs`, `access` and `changes` are null unless the key may read them elsewhere: with `handoff:read`, `access:read` and `admin`.",
      tag: "Users",
      scope: "users:read",
      params: idParams,
      responses: [{ status: 200, description: "The person", schema: personSchema }],
      errors: [USER_NOT_FOUND],
      async handle({ caller, params, signal }) {
        requireScope(caller, "sessions:read");
        const user = await deps.users.get(caller.workspaceId, params.id);
        if (user === null) throw userNotFound(params.id);
        const shown = shownTo(caller);
        const head = shown(await personOf(deps, user, caller));
        return {
          async stream(_request, response) {
            response.setHeader("Content-Type", "application/json; charset=utf-8");
            response.setHeader("Content-Disposition", `attachment; filename="person-${user.id}.json"`);
            await writeChunks(asDocument(head, sessionsOf(deps, user, shown)), response, signal);
          },
        };
      },
    }),
  ];
}

/**
 * Everything except the sessions. It is read before the headers are sent, so that an error still gets an error
 * response.
 */
async function personOf(
  { reach, personal, records }: PersonExportDeps,
  user: UserView,
  caller: Pick<Caller, "scopes">,
) {
  const [reached, aliases, data, ratings, planned, kept] = await Promise.all([
    reach(user),
    personal.aliases(user.id),
    personal.data(user.id),
    personal.ratings(user.id),
    allSchedules((page) => records.schedules.list(user.workspaceId, { userId: user.id }, page)),
    recordsOf(records, user, caller),
  ]);
  return {
    exported_at: new Date().toISOString(),
    user: presentUser(user, reached),
    aliases,
    data: data.map(({ agentId, sessionId, data, updatedAt }) => ({
      agent_id: agentId,
      session_id: sessionId,
      participant_data: data,
      updated_at: updatedAt.toISOString(),
    })),
    ratings: ratings.map(({ messageId, rating, comment, createdAt, updatedAt }) => ({
      message_id: messageId,
      rating,
      comment,
      created_at: createdAt.toISOString(),
      updated_at: updatedAt.toISOString(),
    })),
    schedules: planned.map(presentSchedule),
    ...kept,
  };
}

async function allSchedules(
  list: (page: PageRequest) => Promise<Slice<ScheduleView>>,
): Promise<ScheduleView[]> {
  const all: ScheduleView[] = [];
  for (let after: PageRequest["after"] = null; ; ) {
    const { rows, next } = await list({ limit: SCHEDULES, offset: 0, after });
    all.push(...rows);
    if (next === null) return all;
    after = next;
  }
}

const sessionsOf = (deps: PersonExportDeps, { workspaceId, id }: UserView, shown: <T>(record: T) => T) =>
  exportedSessions(deps, { workspaceId, filters: { userId: id }, after: null, shown });

/** The document in pieces: a person may have more messages than fit into memory. */
async function* asDocument(
  head: object,
  sessions: ReturnType<typeof exportedSessions>,
): AsyncGenerator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"sessions":[`;
  let between = "";
  for await (const { session, messages } of sessions) {
    yield `${between}${JSON.stringify(session).slice(0, -1)},"messages":[`;
    between = ",";
    let separator = "";
    for await (const message of messages) {
      yield separator + JSON.stringify(message);
      separator = ",";
    }
    yield "]}";
  }
  yield "]}\n";
}
