import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks per second in /proc; Linux has had 100 for as long as it matters. */
const TICKS = 100;

/**
 * Processor seconds and resident memory of a process with its children, from /proc; null where there is none. Children
 * that ended are counted by their parent.
 */
export function usageOf(pid) {
  try {
    const family = [pid, ...childrenOf(pid)].map(statOf).filter((stat) => stat !== null);
    return {
      cpuSeconds: family.reduce((sum, stat) => sum + stat.ticks, 0) / TICKS,
      megabytes: family.reduce((sum, stat) => sum + stat.kilobytes, 0) / 1024,
    };
  } catch {
    return null;
  }
}

function childrenOf(pid) {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => parentOf(name) === pid)
    .map(Number);
}

function parentOf(pid) {
  const fields = fieldsOf(pid);
  return fields === null ? null : Number(fields[1]);
}

/** The fields behind the name, which may hold spaces itself; null when the process has ended. */
function fieldsOf(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function statOf(pid) {
  const fields = fieldsOf(pid);
  if (fields === null) return null;
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { ticks, kilobytes: ownKilobytes(pid) };
}

/** Proportional share where it can be read: the processes of a database share most of their memory. */
function ownKilobytes(pid) {
  const read = (file, field) => {
    try {
      return Number(
        new RegExp(`^${field}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/${file}`, "utf8"))?.[1],
      );
    } catch {
      return Number.NaN;
    }
  };
  const share = read("smaps_rollup", "Pss");
  return Number.isNaN(share) ? read("status", "VmRSS") || 0 : share;
}
