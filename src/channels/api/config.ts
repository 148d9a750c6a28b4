import { z } from "zod";

/** An API channel in the configuration file, without the keys all channels have. It has none of its own. */
export const apiConfigSchema = z.strictObject({});

export type ApiConfig = z.infer<typeof apiConfigSchema>;
