import { z } from "zod";
import type { ChannelDirectory, RunningChannel } from "../../../channels/channel-directory.ts";
import { RequestError } from "../../../core/faults/errors.ts";
import { errorFinding, type Finding } from "../../../core/faults/finding.ts";
import type { Logger } from "../../../core/process/logger.ts";
import type { OpenLimit } from "../../server/open-limit.ts";
import { tooMany } from "../../server/rate-limit.ts";
import { defineRoute, type Route } from "../route/route.ts";
import { idParams } from "../route/wire-schemas.ts";

export interface ChannelCheckDeps {
  channels: Pick<ChannelDirectory, "byId" | "named">;
  check: {
    channel(running: RunningChannel): Promise<Finding[]>;
    /** The desks that are conversations of a channel. */
    desks(running: RunningChannel): { name: string; conversation: string }[];
    desk(running: RunningChannel, conversation: string): Promise<Finding[]>;
  };
  /** Places for checks at the same time, by workspace. */
  places: OpenLimit;
  log: Logger;
}

const findingSchema = z
  .object({
    where: z.string().describe("The setting: `channels.telegram.token`, `desks.support`"),
    severity: z.enum(["ok", "warning", "error"]),
    what: z.string(),
    fix: z.string().nullable().describe("The repair. Null: none is needed"),
  })
  .meta({ id: "ChannelFinding" });

const checkedSchema = z
  .object({
    ok: z.boolean().describe("False if something does not work. Warnings do not count"),
    findings: z.array(findingSchema),
  })
  .meta({ id: "ChannelCheck" });

/** `GET /channels/{id}/check`: what `causeway doctor` finds for a channel that runs. */
export function channelCheckRoutes({ channels, check, places, log }: ChannelCheckDeps): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/channels/{id}/check",
      operationId: "checkChannel",
      summary: "Check a channel against its platform",
      description:
        "The findings of `causeway doctor` for it and for its desks: keys, permissions, the webhook, the clock. The call sends requests to the platform and changes nothing there. It may take some seconds. The id may be the channel's name.",
      tag: "Channels",
      scope: "sessions:read",
      params: idParams,
      responses: [{ status: 200, description: "The findings", schema: checkedSchema }],
      errors: [
        { status: 404, code: "channel_not_found", when: "there is no such channel, or it is not running" },
      ],
      async handle({ caller: { workspaceId }, params: { id } }) {
        const running = channels.byId(id) ?? channels.named(workspaceId, id);
        if (running?.ref.workspaceId !== workspaceId)
          throw new RequestError(404, "channel_not_found", `There is no channel ${id} running here.`);
        const leave = places.open(workspaceId);
        if (leave === null)
          throw tooMany("rate_limited", "Other channels are checked at this moment. Try again later.", 2);
        try {
          const findings = await findingsOf(running);
          return {
            status: 200,
            body: { ok: findings.every(({ severity }) => severity !== "error"), findings },
          };
        } finally {
          leave();
        }
      },
    }),
  ];

  async function findingsOf(running: RunningChannel) {
    const desks = check.desks(running);
    const checks = [
      placed(`channels.${running.ref.name}`, check.channel(running)),
      ...desks.map(({ name, conversation }) => placed(`desks.${name}`, check.desk(running, conversation))),
    ];
    return (await Promise.all(checks)).flat();
  }

  /** Findings under the name of what they are about. A check that breaks is a finding too. */
  async function placed(where: string, found: Promise<Finding[]>) {
    const findings = await found.catch((error: unknown) => {
      log.error({ err: error, where }, "the check of a channel broke off");
      return [errorFinding("", "The check broke off.", "read the log of the service")];
    });
    return findings.map(({ key, severity, what, fix }) => ({
      where: key === "" ? where : `${where}.${key}`,
      severity,
      what,
      fix,
    }));
  }
}
