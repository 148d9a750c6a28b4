import type { Environment } from "../config/env.ts";
import { askService, type Print, type ServiceCommand } from "./service-client.ts";

/** `causeway approve <code>`: gives access to the person who has the code. */
export function approveCode(command: ServiceCommand, env: Environment, print: Print): Promise<boolean> {
  return askService(command, env, print, async (client) => {
    const request = await client.access.approveCode(command.subject);
    if (command.json) print(JSON.stringify(request));
    else {
      const who = request.name === null ? request.identifier : `${request.name} (${request.identifier})`;
      print(`${who} is let in on ${request.channel}. The messages that waited are answered now.`);
    }
    return true;
  });
}
