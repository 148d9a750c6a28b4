import type { Environment } from "../config/env.ts";
import { askService, type Print, type ServiceCommand } from "./service-client.ts";

/** `causeway agent rollback <name>`: returns an agent and its open sessions to an earlier version. */
export function rollBackAgent(
  command: ServiceCommand & { version: number | null },
  env: Environment,
  print: Print,
): Promise<boolean> {
  return askService(command, env, print, async (client) => {
    const body = command.version === null ? {} : { version: command.version };
    const { from, to, sessionsMoved } = await client.agents.rollBack(command.subject, body);
    print(
      `${command.subject} is at version ${to} again (it was ${from}); ${sessionsMoved} open sessions moved.`,
    );
    print("The definition in the configuration file is published again once you change it.");
    return true;
  });
}
