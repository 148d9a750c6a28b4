import type { ConfigProblem } from "../core/faults/errors.ts";
import type { Json } from "../core/text/json.ts";
import { type DeskParts, deskChannelProblem } from "./desk-problems.ts";
import { pathText } from "./json-path.ts";
import type { ChannelConfig } from "./load-channel.ts";
import { nameFix } from "./nearest.ts";

/** Approvers are desks of the file, or conversations of its channels. */
export function approverProblems(
  channels: readonly ChannelConfig[],
  desks: readonly [string, Json][],
  parts: DeskParts,
): ConfigProblem[] {
  const known = desks.map(([name]) => name);
  return channels.flatMap(({ name, access }) =>
    (access?.approvers ?? []).flatMap((approver, index): ConfigProblem[] => {
      const path = ["channels", name, "access", "approvers", index];
      if (typeof approver === "string") {
        if (known.includes(approver)) return [];
        const fix = known.length === 0 ? `add it to "desks"` : nameFix(approver, known);
        const problem = `names the desk "${approver}", which is not in this file`;
        return [{ path: pathText(parts.file, path), problem, fix }];
      }
      const problem = deskChannelProblem(approver, parts);
      return problem === null ? [] : [{ path: pathText(parts.file, [...path, "channel"]), ...problem }];
    }),
  );
}
