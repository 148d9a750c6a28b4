import { z } from "zod";
import type { AccessGrant, AccessRequest } from "../../../access/access-queries-repository.ts";
import type { Decider } from "../../../access/decide-access.ts";
import type { Caller } from "../route/route.ts";
import { idSchema, timestampSchema } from "../route/wire-schemas.ts";

export const REQUEST_STATES = ["waiting", "approved", "denied", "expired"] as const;

export const deciderSchema = z
  .object({
    name: z.string().describe("A person, or the name of an API key"),
    via: z.string().describe("By which way they decided: `api`, `console`, `slack`, `telegram`, `config`"),
  })
  .meta({ id: "AccessDecider" });

/** The caller as the person who decides. */
export function deciderOf({ consoleId }: Caller, name: string): Decider {
  return { name, via: consoleId === null ? "api" : "console" };
}

/** A request of a person without access, in the API's format. */
export const accessRequestSchema = z
  .object({
    id: idSchema,
    channel: z.string().describe("The channel's name"),
    identifier: z.string().describe("The person who asks, by the platform's name for them"),
    name: z.string().nullable(),
    state: z.enum(REQUEST_STATES),
    code: z.string().nullable().describe("The code that they got. Null with `allowlist`"),
    text: z.string().describe("The first words of their message"),
    message_ids: z
      .array(idSchema)
      .describe("The messages that wait, or that were answered after they were let in"),
    invite: z
      .enum(["used_up", "expired", "unknown"])
      .nullable()
      .describe("Why the invite that they wrote lets nobody in. Null: they wrote none"),
    unkept: z.int().describe("Messages that were not kept, because too many wait or the answer was no"),
    requested_at: timestampSchema,
    expires_at: timestampSchema,
    decided_at: timestampSchema.nullable(),
    decided_by: deciderSchema.nullable(),
  })
  .meta({ id: "AccessRequest" });

/** A person who got access, in the API's format. */
export const accessGrantSchema = z
  .object({
    id: idSchema,
    channel: z.string().describe("The channel's name"),
    identifier: z.string().describe("The person who was let in, by the platform's name for them"),
    name: z.string().nullable(),
    source: z.enum(["request", "invite"]),
    granted_by: deciderSchema,
    created_at: timestampSchema,
  })
  .meta({ id: "AccessGrant" });

export function toAccessRequest(request: AccessRequest): z.output<typeof accessRequestSchema> {
  return {
    id: request.id,
    channel: request.channel,
    identifier: request.identifier,
    name: request.name,
    state: request.state,
    code: request.code,
    text: request.text,
    message_ids: request.messageIds,
    invite: request.invite,
    unkept: request.unkept,
    requested_at: request.requestedAt.toISOString(),
    expires_at: request.expiresAt.toISOString(),
    decided_at: request.decidedAt?.toISOString() ?? null,
    decided_by: request.decidedBy,
  };
}

export function toAccessGrant(grant: AccessGrant): z.output<typeof accessGrantSchema> {
  return {
    id: grant.id,
    channel: grant.channel,
    identifier: grant.identifier,
    name: grant.name,
    source: grant.source,
    granted_by: grant.grantedBy,
    created_at: grant.createdAt.toISOString(),
  };
}
