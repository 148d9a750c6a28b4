import { z } from "zod";
import { RequestError } from "../../../core/faults/errors.ts";
import type { PageRequest, Slice } from "../../../core/page.ts";
import type { Reachability } from "../../../core/session/reachability.ts";
import type { ErasureRepository } from "../../../users/erasure-repository.ts";
import type { UserFilter, UserView } from "../../../users/user-repository.ts";
import { seesMasked } from "../route/contacts.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, idSchema, jsonObjectSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";
import { reachableOf, reachableSchema } from "./reachable.ts";

export interface UserRoutesDeps {
  users: {
    list(workspaceId: string, filter: UserFilter, page: PageRequest): Promise<Slice<UserView>>;
    get(workspaceId: string, id: string): Promise<UserView | null>;
  };
  erasures: Pick<ErasureRepository, "erase">;
  /** Tells if the bot may write to a user without a message from the user. */
  reach(user: UserView): Promise<Reachability>;
  /** All identifiers that the written form may mean on the channels of a workspace. */
  identifiersOf(workspaceId: string, written: string): string[];
  /** Sessions are deleted, so any work in them may stop. */
  onErased(sessionIds: readonly string[]): void;
}

/** A user in the API's format. */
export const userSchema = z
  .object({
    id: idSchema,
    workspace_id: idSchema,
    channel: z.string().describe("The channel's name"),
    identifier: z.string().describe("Unique on the channel"),
    name: z.string().nullable(),
    profile: jsonObjectSchema.describe("The platform's report about them"),
    anonymous: z.boolean(),
    reachable: reachableSchema,
    marketing_stopped_at: timestampSchema
      .nullable()
      .describe("The time at which they refused marketing messages on the platform; null: they did not"),
    created_at: timestampSchema,
    updated_at: timestampSchema,
  })
  .meta({ id: "User" });

export const USER_NOT_FOUND = { status: 404, code: "user_not_found", when: "there is no such user" } as const;

/** `/users`: the people who chat. */
export function userRoutes(deps: UserRoutesDeps): Route[] {
  return [listUsers(deps), getUser(deps), revealUser(deps), eraseUser(deps)];
}

const listUsers = ({ users, reach, identifiersOf }: UserRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/users",
    operationId: "listUsers",
    summary: "List users",
    tag: "Users",
    scope: "users:read",
    query: z.strictObject({
      channel: z.string().optional().describe("Only users of the channel of this name"),
      identifier: z
        .string()
        .optional()
        .describe("Only the person with this identifier, written as people write it: `+491701234567`, `ada`"),
      q: z
        .string()
        .max(200)
        .optional()
        .describe(
          "Only people whose name or identifier contains this; for viewers at the console: whose name does",
        ),
      ...pageQuery,
    }),
    examples: [{ query: { limit: "10" } }],
    responses: [{ status: 200, description: "Users, newest first", schema: listSchema(userSchema) }],
    async handle({ caller, query }) {
      const { channel, identifier, q } = query;
      const identifiers =
        identifier === undefined ? undefined : identifiersOf(caller.workspaceId, identifier);
      // Otherwise a viewer could find a masked identifier piece by piece.
      const filter = { channel, identifiers, q, nameOnly: seesMasked(caller) };
      const found = await users.list(caller.workspaceId, filter, pageRequest(query));
      const reached = await Promise.all(
        found.rows.map(async (user) => [user.id, await reach(user)] as const),
      );
      const reaches = new Map(reached);
      return listReply(found, query, (user) => presentUser(user, reaches.get(user.id)));
    },
  });

async function showUser({ users, reach }: UserRoutesDeps, workspaceId: string, id: string) {
  const user = await users.get(workspaceId, id);
  if (!user) throw userNotFound(id);
  return { status: 200, body: presentUser(user, await reach(user)) };
}

const getUser = (deps: UserRoutesDeps): Route =>
  defineRoute({
    method: "GET",
    path: "/users/{id}",
    operationId: "getUser",
    summary: "Get a user",
    tag: "Users",
    scope: "users:read",
    params: idParams,
    responses: [{ status: 200, description: "The user", schema: userSchema }],
    errors: [USER_NOT_FOUND],
    handle: ({ caller, params }) => showUser(deps, caller.workspaceId, params.id),
  });

const revealUser = (deps: UserRoutesDeps): Route =>
  defineRoute({
    method: "POST",
    path: "/users/{id}/reveal",
    operationId: "revealUser",
    summary: "Reveal a person's contact data",
    description:
      "The user with everything that viewers at the console see masked. Each call is a row of the audit log. It " +
      "changes nothing.",
    tag: "Users",
    scope: "contacts:read",
    contacts: "shown",
    params: idParams,
    responses: [{ status: 200, description: "The user", schema: userSchema }],
    errors: [USER_NOT_FOUND],
    handle: ({ caller, params }) => showUser(deps, caller.workspaceId, params.id),
  });

const eraseUser = ({ erasures, onErased }: UserRoutesDeps): Route =>
  defineRoute({
    method: "DELETE",
    path: "/users/{id}",
    operationId: "deleteUser",
    summary: "Erase a person",
    description:
      "Removes the user, their participant data, and their sessions with every message, execution and delivery. " +
      "There is no way back. `Location` names the certificate, which says what was erased.",
    tag: "Users",
    scope: "users:write",
    params: idParams,
    responses: [{ status: 204, description: "Erased", schema: null }],
    errors: [USER_NOT_FOUND],
    async handle({ caller, params }) {
      const erased = await erasures.erase(caller.workspaceId, params.id, caller);
      if (!erased) throw userNotFound(params.id);
      onErased(erased.sessionIds);
      return {
        status: 204,
        headers: { Location: `/api/v1/erasures/${erased.erasureId}` },
        change: { after: { sessions_erased: erased.sessionIds.length, erasure_id: erased.erasureId } },
      };
    },
  });

export function userNotFound(id: string): RequestError {
  return new RequestError(404, "user_not_found", `There is no user ${id} here.`);
}

export function presentUser(user: UserView, reach: Reachability = { kind: "reachable" }) {
  return {
    id: user.id,
    workspace_id: user.workspaceId,
    channel: user.channel,
    identifier: user.identifier,
    name: user.name,
    profile: user.profile,
    anonymous: user.anonymous,
    reachable: reachableOf(reach, user.unreachable?.since ?? null),
    marketing_stopped_at: user.marketingStoppedAt?.toISOString() ?? null,
    created_at: user.createdAt,
    updated_at: user.updatedAt,
  };
}
