import { z } from "zod";
import type { AccessQueries } from "../../../access/access-queries-repository.ts";
import { newInviteCode } from "../../../access/invite-code.ts";
import type { Invite, Invites } from "../../../access/invites-repository.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { DURATION_PATTERN, durationMs } from "../../../core/time/duration.ts";
import { listReply, pageQuery, pageRequest } from "../route/paging.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams, idSchema, listSchema, timestampSchema } from "../route/wire-schemas.ts";
import { deciderOf, deciderSchema } from "./access-resource.ts";

export interface InviteRoutesDeps {
  access: Pick<AccessQueries, "nameOfKey">;
  invites: Invites;
  /** The running channel of that name. `linkWith` gives the address by which people arrive with a code. */
  channel(
    workspaceId: string,
    name: string,
  ): { id: string; linkWith(code: string): Promise<string | null> } | null;
}

const LONGEST_DAYS = 365;
const DAY_MS = 24 * 60 * 60_000;

const lifetimeSchema = z
  .union([
    z
      .string()
      .regex(DURATION_PATTERN, "expected a time such as 30m, 2h or 7d, or a number of seconds")
      .transform(durationMs),
    z
      .int()
      .min(1)
      .max(LONGEST_DAYS * (DAY_MS / 1000), `must be at most ${LONGEST_DAYS}d`)
      .transform((seconds) => seconds * 1000),
  ])
  .refine((ms) => ms <= LONGEST_DAYS * DAY_MS, `must be at most ${LONGEST_DAYS}d`);

const createBody = z.strictObject({
  channel: z.string().min(1).describe("The channel's name"),
  expires_in: lifetimeSchema
    .optional()
    .describe("The time in which it lets people in: `30m`, `2h`, `7d`, or seconds. Default 7 days"),
  uses: z.int().min(1).max(10_000).default(1).describe("The number of people that it lets in"),
});

const inviteFields = {
  id: idSchema,
  channel: z.string().describe("The channel's name"),
  uses: z.int().describe("The number of people that it lets in"),
  used: z.int().describe("The number of people who came"),
  created_by: deciderSchema,
  created_at: timestampSchema,
  expires_at: timestampSchema,
};
const inviteSchema = z.object(inviteFields).meta({ id: "Invite" });
const newInviteSchema = z
  .object({
    ...inviteFields,
    code: z.string().describe("Shown only here: keep it now"),
    url: z
      .string()
      .nullable()
      .describe(
        "The address at which people arrive with it. Null if the platform has no such links: they write the code",
      ),
  })
  .meta({ id: "NewInvite" });

/** Invites: people who use one get access. */
export function inviteRoutes({ access, invites, channel }: InviteRoutesDeps): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/invites",
      operationId: "createInvite",
      summary: "Invite people",
      description:
        "It lets in everybody who arrives by the address, or writes the code. Only this answer has the code.",
      tag: "Access",
      scope: "access:write",
      body: createBody,
      examples: [{ body: { channel: "api", expires_in: "7d", uses: 10 } }],
      responses: [{ status: 201, description: "The invite, with its code", schema: newInviteSchema }],
      errors: [
        { status: 404, code: "channel_not_found", when: "there is no such channel, or it is not running" },
      ],
      async handle({ caller, body, resourceId: id }) {
        const { workspaceId } = caller;
        const running = channel(workspaceId, body.channel);
        if (running === null)
          throw new RequestError(404, "channel_not_found", `There is no channel ${body.channel} here.`);
        const code = newInviteCode();
        const url = await running.linkWith(code);
        const by = deciderOf(caller, await access.nameOfKey(caller.keyId));
        const { uses, expires_in: lifetimeMs = 7 * DAY_MS } = body;
        const made = { id, workspaceId, channelId: running.id, code, uses, lifetimeMs, by };
        return { status: 201, body: { ...toInvite(await invites.create(made)), code, url } };
      },
    }),
    defineRoute({
      method: "GET",
      path: "/invites",
      operationId: "listInvites",
      summary: "List invites",
      description: "Newest first, without their codes. They are forgotten a month after their time.",
      tag: "Access",
      scope: "access:read",
      query: z.strictObject(pageQuery),
      responses: [{ status: 200, description: "A page of invites", schema: listSchema(inviteSchema) }],
      async handle({ caller, query }) {
        return listReply(await invites.list(caller.workspaceId, pageRequest(query)), query, toInvite);
      },
    }),
    defineRoute({
      method: "DELETE",
      path: "/invites/{id}",
      operationId: "deleteInvite",
      summary: "Take an invite back",
      description: "It lets nobody in from now on. Those who came by it stay.",
      tag: "Access",
      scope: "access:write",
      params: idParams,
      responses: [{ status: 204, description: "Deleted", schema: null }],
      errors: [{ status: 404, code: "invite_not_found", when: "there is no such invite" }],
      async handle({ caller, params }) {
        if (await invites.remove(caller.workspaceId, params.id)) return { status: 204 };
        throw new RequestError(404, "invite_not_found", `There is no invite ${params.id} here.`);
      },
    }),
  ];
}

function toInvite(invite: Invite): z.output<typeof inviteSchema> {
  return {
    id: invite.id,
    channel: invite.channel.name,
    uses: invite.uses,
    used: invite.used,
    created_by: { name: invite.byName, via: invite.byVia },
    created_at: invite.createdAt.toISOString(),
    expires_at: invite.expiresAt.toISOString(),
  };
}
