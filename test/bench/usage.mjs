import { readdirSync, readFileSync } from "node:fs";

/** Clock ticks per second in /proc. Linux has used 100 for a very long time. */
const TICKS = 100;

/**
 * Processor seconds and resident memory of a process with its children, from /proc; null if there is none. The parent's
 * numbers include children that ended.
 */
export function usageOf(pid, { alone = false } = {}) {
  try {
    const family = [pid, ...(alone ? [] : childrenOf(pid))].map(statOf).filter((stat) => stat !== null);
    return {
      cpuSeconds: family.reduce((sum, stat) => sum + stat.ticks, 0) / TICKS,
      megabytes: family.reduce((sum, stat) => sum + stat.kilobytes, 0) / 1024,
    };
  } catch {
    return null;
  }
}

/** Resident memory of one process without its children, in MiB. */
export function residentMegabytes(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

/**
 * Watches the use of processes from now on. `seconds()`: the processor time that each has used, including its children.
 * `percent()`: that as a share of one processor. Children that have ended count too.
 */
export function watchProcesses(pids) {
  const startedAt = performance.now();
  const before = secondsOf(pids);
  const seconds = () => {
    const after = secondsOf(pids);
    return Object.fromEntries(Object.keys(pids).map((name) => [name, after[name] - before[name]]));
  };
  return {
    seconds,
    percent() {
      const elapsed = (performance.now() - startedAt) / 1000;
      return Object.fromEntries(
        Object.entries(seconds()).map(([name, used]) => [name, (used / elapsed) * 100]),
      );
    },
  };
}

/** The embedded Postgres is a child of the service, so its processor time must not count twice. */
function secondsOf(pids) {
  const others = Object.values(pids);
  return Object.fromEntries(
    Object.entries(pids).map(([name, pid]) => {
      const family = [pid, ...childrenOf(pid).filter((child) => !others.includes(child))];
      const own = family.reduce((sum, member) => sum + runSeconds(member), 0);
      const ended = fieldsOf(pid)?.slice(13, 15) ?? [];
      return [name, own + ended.reduce((sum, field) => sum + Number(field), 0) / TICKS];
    }),
  );
}

/**
 * Run time of a process's threads from the scheduler, in nanoseconds. An idle process does too little for clock ticks.
 */
function runSeconds(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`).reduce((sum, thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
      return sum + Number(stat.split(" ")[0]) / 1e9;
    }, 0);
  } catch {
    return 0;
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

/** The fields after the name, which may contain spaces; null when the process has ended. */
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

/** The proportional share if it can be read, because the processes of a database share most of their memory. */
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
