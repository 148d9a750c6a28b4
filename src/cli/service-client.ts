import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Causeway, CausewayError } from "../client/index.ts";
import type { Environment } from "../config/env.ts";
import { resolvePublicUrl } from "../config/public-url.ts";
import { parseSettings } from "../config/settings.ts";

/** Access to the running service, or the reason why there is none, as text for people. */
export type ServiceAccess = { client: Causeway; baseUrl: string; apiKey: string } | { problem: string };

/** Connects to the running service of this directory. `url` replaces HOST and PORT. */
export function serviceClient(env: Environment, url: string | null): ServiceAccess {
  const { settings } = parseSettings(env);
  const { host, port } = settings;
  const baseUrl = url ?? resolvePublicUrl({ publicUrl: null, host, port }).url;
  const apiKey = settings.apiKey ?? keyIn(settings.dataDir);
  if (apiKey === null) {
    return {
      problem: `There is no API key: set CAUSEWAY_API_KEY, or run this where ${settings.dataDir} is.`,
    };
  }
  return { client: new Causeway({ baseUrl, apiKey }), baseUrl, apiKey };
}

function keyIn(dataDir: string): string | null {
  const path = join(dataDir, "api-key");
  return existsSync(path) ? readFileSync(path, "utf8").trim() : null;
}

/** A command that calls the running service. */
export interface ServiceCommand {
  /** The id, name or identifier that the command is about. */
  subject: string;
  /** Address of the service. If null, HOST and PORT give it. */
  url: string | null;
  json: boolean;
}

export type Print = (line: string) => void;

/** Runs a command against the service. If it cannot be reached, prints the reason and returns false. */
export async function askService(
  { url }: ServiceCommand,
  env: Environment,
  print: Print,
  command: (client: Causeway) => Promise<boolean>,
): Promise<boolean> {
  const access = serviceClient(env, url);
  if ("problem" in access) {
    print(access.problem);
    return false;
  }
  try {
    return await command(access.client);
  } catch (error) {
    if (!(error instanceof CausewayError)) throw error;
    print(serviceProblem(error, access.baseUrl));
    return false;
  }
}

/** Turns an error of the service into a sentence for the person at the terminal. */
function serviceProblem(error: CausewayError, baseUrl: string): string {
  if (error.status === 0) {
    return `The service does not answer at ${baseUrl}. Start it, or give its address with --url.`;
  }
  if (error.status === 401 || error.status === 403) {
    return `The service at ${baseUrl} refuses the key: set CAUSEWAY_API_KEY.`;
  }
  return error.message;
}
