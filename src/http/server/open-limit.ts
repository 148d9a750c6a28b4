import type { AdmissionLimit } from "../../core/process/admission-limit.ts";

/** Maximum number of open things of one kind per caller, in this process. */
export interface OpenLimit {
  /** Returns a function to call when it is closed; null if there are too many. */
  open(name: string): (() => void) | null;
}

/** @param room places that all callers share. Without it, only the limit of one caller counts. */
export function createOpenLimit(most: number, room?: AdmissionLimit): OpenLimit {
  const counts = new Map<string, number>();
  return {
    open(name) {
      const count = counts.get(name) ?? 0;
      if (count >= most) return null;
      const leave = room?.take(name, 0);
      if (leave === null) return null;
      counts.set(name, count + 1);
      let isOpen = true;
      return () => {
        if (!isOpen) return;
        isOpen = false;
        leave?.();
        const left = (counts.get(name) ?? 1) - 1;
        if (left > 0) counts.set(name, left);
        else counts.delete(name);
      };
    },
  };
}
