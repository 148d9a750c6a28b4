import { createAccessQueries } from "../../../access/access-queries-repository.ts";
import type { AuditLog } from "../../../audit/audit-repository.ts";
import { createHandoffQueries } from "../../../handoffs/handoff-queries-repository.ts";
import { createScheduleQueries } from "../../../schedules/schedule-queries-repository.ts";
import type { Database } from "../../../storage/database.ts";
import { createPersonalDataRepository } from "../../../users/personal-data-repository.ts";
import type { ApiStores } from "../api-stores.ts";
import type { ChannelFacts } from "../resource-routes.ts";
import type { Route } from "../route/route.ts";
import { type PersonExportDeps, personExportRoutes } from "./export-person.ts";

/** Wires the export of everything that is stored about one person. */
export function personExport(
  database: Database,
  parts: {
    users: PersonExportDeps["users"];
    stores: Pick<ApiStores, "sessions" | "messages">;
    auditLog: AuditLog;
    facts: Pick<ChannelFacts, "reach" | "hasReceipts">;
  },
): Route[] {
  const { users, stores, auditLog, facts } = parts;
  const { pool } = database;
  return personExportRoutes({
    users,
    reach: facts.reach,
    personal: createPersonalDataRepository(database),
    records: {
      schedules: createScheduleQueries(pool, { hasReceipts: facts.hasReceipts }),
      handoffs: createHandoffQueries(pool),
      access: createAccessQueries(pool),
      audit: auditLog,
    },
    sessions: stores.sessions,
    messages: stores.messages,
  });
}
