import { createAccessQueries } from "../../access/access-queries-repository.ts";
import { createInvites } from "../../access/invites-repository.ts";
import { timeLimit } from "../../core/time/time-limit.ts";
import { createHandoffQueries } from "../../handoffs/handoff-queries-repository.ts";
import type { RateLimit } from "../server/rate-limit.ts";
import type { Service } from "../service.ts";
import { accessAnswerRoutes } from "./access/access-answers.ts";
import { accessListRoutes } from "./access/access-lists.ts";
import { inviteRoutes } from "./access/invites.ts";
import type { ApiStores } from "./api-stores.ts";
import { handoffListRoutes } from "./handoffs/handoff-lists.ts";
import { handoffReplyRoutes } from "./handoffs/handoff-reply.ts";
import { handoffRoutes } from "./handoffs/handoffs.ts";
import type { Route } from "./route/route.ts";

export interface PersonRoutesDeps {
  service: Pick<Service, "engine" | "channels" | "pipeline" | "attachments">;
  stores: ApiStores;
  /** The names of a workspace's desks. */
  desks(workspaceId: string): readonly string[];
  /** Limits how many access codes one key may try. */
  codeRate: RateLimit;
}

/** Time in which a platform must tell our name there, milliseconds. */
const LINK_MS = 5_000;

/** Routes for people: they answer instead of the bot, and decide who may talk to it. */
export function personRoutes({ service, stores, desks, codeRate }: PersonRoutesDeps): Route[] {
  const { channels, pipeline } = service;
  const { handoffs } = pipeline;
  const { sessions, messages, agents } = stores;
  const { database } = service.engine;
  const access = createAccessQueries(database.pool);

  const invitingChannel = (workspaceId: string, name: string) => {
    const running = channels.named(workspaceId, name);
    if (running === null) return null;
    const linkWith = async (code: string) =>
      (await running.channel.linkWith?.(code, timeLimit(LINK_MS))) ?? null;
    return { id: running.ref.id, linkWith };
  };

  return [
    ...handoffRoutes({ sessions, handoffs, desks }),
    ...handoffReplyRoutes({ sessions, messages, handoffs, uploads: service.attachments.uploads }),
    ...handoffListRoutes({ handoffs: createHandoffQueries(database.pool), agents }),
    ...accessAnswerRoutes({ access, admissions: pipeline.admissions, codeRate }),
    ...accessListRoutes({ access }),
    ...inviteRoutes({ access, invites: createInvites(database), channel: invitingChannel }),
  ];
}
