import type { Database } from "../storage/database.ts";
import type { ParticipantData } from "../storage/generated/client.ts";

export type PersonalDataRepository = ReturnType<typeof createPersonalDataRepository>;

/** Reads what is stored about one user beside their sessions. */
export function createPersonalDataRepository({ pool, prisma }: Pick<Database, "pool" | "prisma">) {
  return {
    /** Other names of the user on the platform. */
    async aliases(userId: string): Promise<string[]> {
      const { rows } = await pool.query<{ alias: string }>(
        `SELECT a.alias FROM users u JOIN user_aliases a ON a.channel_id = u.channel_id AND a.identifier = u.identifier
         WHERE u.id = $1 AND a.alias <> u.identifier ORDER BY a.alias`,
        [userId],
      );
      return rows.map(({ alias }) => alias);
    },

    /** Their participant data for every agent, and for every session of an anonymous visitor. */
    async data(userId: string): Promise<ParticipantData[]> {
      return prisma.participantData.findMany({
        where: { userId },
        orderBy: [{ agentId: "asc" }, { ownerId: "asc" }],
      });
    },
  };
}
