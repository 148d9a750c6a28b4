import { newId } from "../core/ids.ts";
import type { ChannelRef } from "../core/session/runtime.ts";
import type { Visitor, VisitorPass } from "../core/session/visitor.ts";
import type { Prisma } from "../storage/generated/client.ts";
import { jsonObject } from "../storage/json-column.ts";
import type { PrismaModels } from "../storage/prisma.ts";
import { createVisitorMessages } from "./visitor-messages-repository.ts";

/** A session as its visitor sees it. */
export interface VisitorSession {
  id: string;
  agentId: string;
  agentVersion: number;
  status: string;
  endReason: string | null;
  title: string | null;
  createdAt: Date;
  lastActivityAt: Date;
  endedAt: Date | null;
}

export type VisitorRepository = ReturnType<typeof createVisitorRepository>;

const SESSION = {
  id: true,
  agentId: true,
  agentVersion: true,
  status: true,
  endReason: true,
  title: true,
  createdAt: true,
  lastActivityAt: true,
  endedAt: true,
} satisfies Prisma.SessionSelect;

const VISITOR = { id: true, identifier: true, name: true, anonymous: true } satisfies Prisma.UserSelect;

/** The rows of visitors. Each query is limited to one channel and one visitor. */
export function createVisitorRepository(prisma: PrismaModels) {
  /** The rest of the profile stays: a site or a caller of the API may have said more about them. */
  async function keepLanguage(id: string, profile: Prisma.JsonValue, language: string | null): Promise<void> {
    const known = jsonObject(profile);
    if (language === null || known.locale === language) return;
    const changed: Prisma.InputJsonObject = { ...known, locale: language };
    await prisma.user.update({ where: { id }, data: { profile: changed } });
  }

  return {
    /**
     * Creates the visitor of an issued visitor token, or finds the existing one. It is no upsert, because Prisma runs
     * some upserts in a transaction. The failure of such a transaction does not tell that the database is away.
     */
    async admit(channel: ChannelRef, pass: VisitorPass, language: string | null): Promise<Visitor> {
      const { identifier, name, anonymous } = pass;
      const where = { channelId_identifier: { channelId: channel.id, identifier } };
      const find = () => prisma.user.findUnique({ where, select: { ...VISITOR, profile: true } });
      let known = await find();
      if (known === null) {
        const { id: channelId, workspaceId } = channel;
        const user = { id: newId(), workspaceId, channelId, identifier, name, anonymous };
        await prisma.user.createMany({ data: [user], skipDuplicates: true });
        known = await find();
      }
      if (known === null) throw new Error("a visitor was erased while they were admitted");
      const { profile, ...visitor } = known;
      await keepLanguage(visitor.id, profile, language);
      if (name === null || name === visitor.name) return visitor;
      await prisma.user.update({ where: { id: visitor.id }, data: { name, updatedAt: new Date() } });
      return { ...visitor, name };
    },

    async find(channelId: string, identifier: string): Promise<Visitor | null> {
      return prisma.user.findUnique({
        where: { channelId_identifier: { channelId, identifier } },
        select: VISITOR,
      });
    },

    /** @param language the browser's language now; null if it names none. */
    async openSession(
      channel: ChannelRef,
      visitorId: string,
      language: string | null,
    ): Promise<VisitorSession> {
      if (language !== null) {
        const known = await prisma.user.findUnique({ where: { id: visitorId }, select: { profile: true } });
        if (known) await keepLanguage(visitorId, known.profile, language);
      }
      return prisma.session.create({ data: newSession(channel, visitorId), select: SESSION });
    },

    /** Also null for another visitor's session, so that it looks like one that does not exist. */
    async findSession(
      channelId: string,
      visitorId: string,
      sessionId: string,
    ): Promise<VisitorSession | null> {
      return prisma.session.findFirst({
        where: { id: sessionId, channelId, userId: visitorId },
        select: SESSION,
      });
    },

    ...createVisitorMessages(prisma),
  };
}

function newSession(channel: ChannelRef, visitorId: string) {
  return {
    id: newId(),
    workspaceId: channel.workspaceId,
    agentId: channel.agentId,
    agentVersion: channel.agentVersion,
    channelId: channel.id,
    userId: visitorId,
    single: false,
  };
}
