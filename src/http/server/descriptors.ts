import { z } from "zod";

const limitsSchema = z.object({
  userLimits: z.object({ open_files: z.object({ soft: z.int().positive() }) }),
});

let limit: number | null | undefined;

/** Maximum number of open files and sockets of this process; null if there is no limit, or it is unknown. */
export function descriptorLimit(): number | null {
  // The report takes some milliseconds, and the limit does not change.
  if (limit === undefined) limit = readLimit();
  return limit;
}

function readLimit(): number | null {
  if (!process.report) return null;
  // Otherwise the report looks up the name of every network interface.
  Object.assign(process.report, { excludeNetwork: true });
  return limitsSchema.safeParse(process.report.getReport()).data?.userLimits.open_files.soft ?? null;
}
