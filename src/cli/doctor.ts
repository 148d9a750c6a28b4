import { diagnoseFileStore } from "../attachments/diagnose-file-store.ts";
import { createFileBucket } from "../attachments/file-bucket.ts";
import { botDefinitions } from "../bots/registry.ts";
import { channelDefinitions } from "../channels/registry.ts";
import { diagnoseDataDir } from "../config/diagnose-data-dir.ts";
import type { Environment } from "../config/env.ts";
import { inspectConfig, type LoadedConfig } from "../config/load-config.ts";
import { resolvePublicUrl } from "../config/public-url.ts";
import type { ConfigProblem } from "../core/faults/errors.ts";
import { type Finding, okFinding, weakSecretFindings } from "../core/faults/finding.ts";
import { createRedactor } from "../observability/redaction.ts";
import { diagnoseRedis } from "../queue/diagnose-redis.ts";
import { diagnoseDatabase } from "../storage/diagnose-database.ts";
import { findingsJson, isHealthy, type PlacedFinding, printFindings } from "./doctor/report.ts";
import { publicUrlFindings } from "./doctor/service-address.ts";
import { workspaceFindings } from "./doctor/workspace-findings.ts";

export interface DoctorOptions {
  env: Environment;
  /** Base directory of relative paths. Default: the working directory. */
  directory?: string;
  json: boolean;
  print(line: string): void;
}

/** Checks a configuration against everything that it refers to, and prints the fixes. True if nothing is broken. */
export async function doctor(options: DoctorOptions): Promise<boolean> {
  const { findings, secrets } = await examine(options);
  // Findings contain no secrets, but answers of a platform or a database may, so redact every line.
  const { redact } = createRedactor(secrets);
  const print = (line: string) => options.print(redact(line));
  if (options.json) print(findingsJson(findings));
  else printFindings(findings, print);
  return isHealthy(findings);
}

async function examine(options: DoctorOptions): Promise<{ findings: PlacedFinding[]; secrets: string[] }> {
  const { env, directory } = options;
  const registries = { bots: botDefinitions, channels: channelDefinitions };
  const { config, problems } = inspectConfig({
    env,
    ...(directory === undefined ? {} : { directory }),
    ...registries,
  });
  const problemFindings = [
    ...placedProblems(problems, "error"),
    ...placedProblems(config.warnings, "warning"),
  ];
  // A default replaces each invalid setting. Findings about that default are irrelevant, so leave them out.
  const invalid = new Set(problems.map(({ path }) => path));
  const { settings } = config;
  const { url: localUrl } = resolvePublicUrl({ publicUrl: null, host: settings.host, port: settings.port });
  const address = await publicUrlFindings({ publicUrl: settings.publicUrl, localUrl });
  const checkOptions = { ...registries, publicUrl: settings.publicUrl, serviceAnswers: address.answers };
  const [engine, ...workspaces] = await Promise.all([
    engineFindings(config),
    ...config.workspaces.map((workspace) => workspaceFindings(workspace, checkOptions)),
  ]);
  const service = placed("CAUSEWAY_PUBLIC_URL", address.findings);
  const found = [...engine, ...service, ...workspaces.flat()].filter(({ where }) => !invalid.has(where));
  return { findings: [...problemFindings, ...found], secrets: config.secrets };
}

const placedProblems = (problems: readonly ConfigProblem[], severity: "error" | "warning"): PlacedFinding[] =>
  problems.map(({ path, problem, fix }) => ({ where: path, severity, what: problem, fix }));

async function engineFindings({ settings }: LoadedConfig): Promise<PlacedFinding[]> {
  const { apiKey, databaseUrl, databaseConnections, redisUrls, dataDir, attachments } = settings;
  const { place } = attachments;
  const [database, redis, files] = await Promise.all([
    databaseUrl === null
      ? [okFinding("", "The embedded Postgres in the data directory is used.")]
      : diagnoseDatabase(databaseUrl, databaseConnections),
    redisUrls === null ? [okFinding("", "The queue runs on Postgres.")] : diagnoseRedis(redisUrls),
    place.kind === "directory" ? diagnoseDataDir(place.path) : diagnoseFileStore(createFileBucket(place)),
  ]);
  return [
    ...placed("CAUSEWAY_DATA_DIR", diagnoseDataDir(dataDir)),
    ...placed("CAUSEWAY_API_KEY", apiKey === null ? [] : weakSecretFindings("", apiKey)),
    ...placed("DATABASE_URL", database),
    ...placed("REDIS_URL", redis),
    ...placed("CAUSEWAY_ATTACHMENTS", files),
  ];
}

const placed = (variable: string, findings: readonly Finding[]): PlacedFinding[] =>
  findings.map(({ key: _, ...finding }) => ({ where: `environment: ${variable}`, ...finding }));
