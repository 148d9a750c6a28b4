import type { Finding } from "../../core/faults/finding.ts";
import type { DiagnoseOptions } from "../channel-definition.ts";
import type { WhatsappConfig } from "./config.ts";
import { diagnoseMeta } from "./meta/diagnose.ts";
import { diagnoseTwilio } from "./twilio/diagnose.ts";

/** Checks the configured provider. */
export async function diagnose(options: DiagnoseOptions<WhatsappConfig>): Promise<Finding[]> {
  const { config, ...rest } = options;
  return config.provider === "meta" ? diagnoseMeta({ ...rest, config }) : diagnoseTwilio({ ...rest, config });
}
