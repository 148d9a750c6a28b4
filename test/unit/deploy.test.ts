import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { variables } from "../../src/config/env.ts";
import { createMetrics } from "../../src/observability/metrics.ts";

const root = new URL("../../", import.meta.url);
const read = (name: string) => readFileSync(new URL(`deploy/${name}`, root), "utf8");
const manifests = ["compose.yaml", "kubernetes.yaml"] as const;

test("the image copies only files that exist and that its context includes", () => {
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list = ""]) =>
    list.split(" "),
  );
  expect(copied.length).toBeGreaterThan(4);
  // These machines have their own Postgres.
  for (const name of manifests) {
    const images = read(name).match(/image: \S*causeway\S*/g) ?? [];
    expect(images.filter((image) => !/[:-]slim$/.test(image))).toEqual([]);
    expect(images.length).toBeGreaterThan(0);
  }
  const ignored = read("Dockerfile.dockerignore");
  for (const file of copied) {
    expect(existsSync(new URL(file, root)), file).toBe(true);
    expect(ignored).toContain(`!${file.split("/")[0]}`);
  }
});

test("the manifests set existing variables, and scale by an existing metric", async () => {
  const known = new Set<string>([...Object.keys(variables), "CAUSEWAY_CONFIG"]);
  for (const name of manifests) {
    const named = read(name).match(/\b(?:CAUSEWAY_[A-Z_]+|DATABASE_URL|REDIS_URL)\b/g) ?? [];
    expect(named.length).toBeGreaterThan(3);
    for (const variable of named) expect(known.has(variable), `${name}: ${variable}`).toBe(true);
  }
  const metric = /metric:\s*\{\s*name: (\w+)/.exec(read("kubernetes.yaml"))?.[1] ?? "none";
  expect(await createMetrics().text()).toContain(`# HELP ${metric} `);
});

test("no manifest contains a secret, and no process may become root", () => {
  for (const name of manifests) expect(read(name)).not.toMatch(/(?:PASSWORD|API_KEY|TOKEN): ["']?\w/);
  expect(read("Dockerfile")).toMatch(/^USER node$/m);
  const pods = read("kubernetes.yaml").match(/^ {6}containers:$/gm) ?? [];
  expect(read("kubernetes.yaml").match(/runAsNonRoot: true/g)).toHaveLength(pods.length);
});

test("the service gets its required settings, but no rights to change tables", () => {
  const manifest = read("kubernetes.yaml");
  const [, given = ""] = /secret generic causeway (.*?)\n# {3}kubectl/s.exec(manifest) ?? [];
  expect(given).toContain("causeway_app");
  expect(given).not.toContain("causeway_owner");
  expect(manifest).toContain('"s3://');
  for (const name of ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]) expect(given).toContain(name);
});

test("each process has limits for its rights, memory, processes and files", () => {
  const compose = read("compose.yaml");
  // The service, Postgres and Valkey.
  for (const limit of [
    "cap_drop: [ALL]",
    "no-new-privileges:true",
    "mem_limit:",
    "pids_limit:",
    "ulimits:",
  ]) {
    expect(compose.split(limit), limit).toHaveLength(4);
  }
  const manifest = read("kubernetes.yaml");
  const pods = manifest.match(/^ {6}containers:$/gm) ?? [];
  expect(manifest.match(/automountServiceAccountToken: false/g)).toHaveLength(pods.length);
  expect(manifest).toContain("kind: NetworkPolicy");
});

test("the compose service is no superuser of its database, and its queue requires a password", () => {
  const compose = read("compose.yaml");
  expect(compose.match(/postgres:\/\/(\w+):/g)).toEqual([
    "postgres://causeway_app:",
    "postgres://causeway_owner:",
  ]);
  expect(compose).toContain("--requirepass");
  for (const [, file = ""] of compose.matchAll(/- \.\/([\w-]+\.sql):/g)) {
    expect(existsSync(new URL(`deploy/${file}`, root)), file).toBe(true);
  }
});

test("the systemd unit runs the package without privileges, and can stop and reload by itself", () => {
  const unit = read("causeway.service");
  const settings = new Map(
    [...unit.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = "", value = ""]) => [key, value]),
  );
  const program = /causeway-chat\/(\S+)$/.exec(settings.get("ExecStart") ?? "")?.[1] ?? "none";
  expect(existsSync(new URL(program.replace("dist/", "src/").replace(".js", ".ts"), root))).toBe(true);
  expect(settings.get("ExecReload")).toMatch(/ -HUP \$MAINPID$/);
  // With the default, systemd stops the embedded Postgres under the service.
  expect(settings.get("KillMode")).toBe("mixed");
  expect(Number(settings.get("TimeoutStopSec"))).toBeGreaterThan(
    Number(variables.CAUSEWAY_STOP_SECONDS.default) + 5,
  );
  expect(settings.get("User")).not.toBe("root");
  expect(settings.get("CapabilityBoundingSet")).toBe("");
  for (const hardened of [
    "NoNewPrivileges",
    "ProtectHome",
    "PrivateTmp",
    "PrivateDevices",
    "RestrictNamespaces",
  ])
    expect(settings.get(hardened), hardened).toBe("true");
  expect(settings.get("ProtectSystem")).toBe("strict");
  for (const [, variable = ""] of unit.matchAll(/^Environment=(\w+)=/gm))
    expect(Object.keys(variables)).toContain(variable);
});

test.each(["nginx.conf", "Caddyfile"])(
  "%s passes streams, sockets and files on, and blocks routes that need no key",
  (name) => {
    const site = read(name).replace(/^\s*#.*$/gm, "");
    expect(site.split("{").length).toBe(site.split("}").length);
    const port = variables.PORT.default;
    expect(site).toContain(`127.0.0.1:${port}`);
    for (const path of ["/metrics", "/livez", "/readyz"]) expect(site).toContain(path);
    const megabytes = /(?:client_max_body_size|max_size) (\d+)/.exec(site)?.[1];
    expect(Number(megabytes)).toBeGreaterThan(Number(variables.CAUSEWAY_ATTACHMENT_MIB.default) * 1.05);
    expect(site).toMatch(/proxy_buffering off;|flush_interval -1/);
  },
);

test("nginx keeps the host, names the caller, and upgrades connections", () => {
  const site = read("nginx.conf").replace(/^\s*#.*$/gm, "");
  for (const header of [
    "Host $host",
    "X-Forwarded-For $proxy_add_x_forwarded_for",
    "Upgrade $http_upgrade",
    "Connection $connection_upgrade",
  ])
    expect(site).toContain(`proxy_set_header ${header};`);
  expect(site).toMatch(/map \$http_upgrade \$connection_upgrade/);
  expect(site).toContain("proxy_http_version 1.1;");
  // A stream sends a heartbeat every 15 seconds.
  expect(Number(/proxy_read_timeout (\d+)s;/.exec(site)?.[1])).toBeGreaterThan(30);
  const statements = site
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  expect(statements.filter((line) => !/[;{}]$/.test(line))).toEqual([]);
});

/** The names of metrics in a query. */
const metricsIn = (query: string) => query.match(/\b(?:causeway|nodejs|process)_\w+/g) ?? [];

test("alerts and dashboard use existing metrics and labels", async () => {
  const metrics = createMetrics();
  metrics.inbound.inc({ channel: "web", outcome: "accepted" });
  metrics.turns.inc({ agent: "a", status: "completed" });
  metrics.turnSeconds.observe({ agent: "a" }, 1);
  metrics.deliveries.inc({ channel: "web", status: "sent" });
  metrics.deliverySeconds.observe({ channel: "web" }, 1);
  metrics.httpSeconds.observe({ method: "GET", route: "/", status: "200" }, 1);
  metrics.observeBacklog(async () => ({
    waitingSessions: 0,
    waitingDeliveries: 0,
    unknownDeliveries: 0,
    oldestMessageSeconds: 0,
    oldestDeliverySeconds: 0,
    requestedHandoffs: 0,
    takenHandoffs: 0,
    oldestHandoffSeconds: 0,
  }));
  const shown = await metrics.text();
  const known = new Set(shown.match(/^\w+/gm));
  const dashboard = JSON.parse(read("grafana-dashboard.json")) as {
    panels: { title: string; gridPos: object; targets: { expr: string }[] }[];
  };
  const alerts = read("prometheus-alerts.yaml");
  const queries = [
    ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    ...[...alerts.matchAll(/^ {8}expr: (?:\|\n((?: {10}.*\n)+)|(.*)\n)/gm)].map(
      ([, many, one]) => many ?? one ?? "",
    ),
  ];
  expect(queries.length).toBeGreaterThan(20);
  const named = queries.flatMap(metricsIn);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
  // The dashboard shows every metric of the service.
  const ours = [...shown.matchAll(/^# HELP (causeway_\w+)/gm)].map(([, name = ""]) => name);
  expect(ours.filter((name) => !named.some((asked) => asked.startsWith(name)))).toEqual([]);
  for (const [, label = "", value = ""] of alerts.matchAll(/\b(of|status)=~?"([^"]+)"/g))
    for (const one of value.split("|"))
      expect(shown.includes(`${label}="${one}"`) || label === "status", `${label}=${one}`).toBe(true);
  for (const [, label = ""] of queries.join("\n").matchAll(/by \((\w+)\)/g))
    expect(["instance", "le"].includes(label) || shown.includes(`${label}="`), label).toBe(true);
  expect(new Set(dashboard.panels.map(({ gridPos }) => JSON.stringify(gridPos))).size).toBe(
    dashboard.panels.length,
  );
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;

test.skipIf(!promtool)("Prometheus accepts the alert rules, and every query of the dashboard", () => {
  const folder = mkdtempSync(join(tmpdir(), "causeway-rules-"));
  const dashboard = JSON.parse(read("grafana-dashboard.json")) as {
    panels: { targets: { expr: string }[] }[];
  };
  const queries = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
  // Grafana replaces this variable with the interval of the screen.
  const rules = queries.map((expr, index) => ({
    record: `panel:query:${index}`,
    expr: expr.replaceAll("$__rate_interval", "5m").replaceAll("$__range", "1h"),
  }));
  // JSON is also valid YAML.
  const file = join(folder, "dashboard.yaml");
  writeFileSync(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
  for (const path of [new URL("deploy/prometheus-alerts.yaml", root).pathname, file]) {
    const checked = spawnSync("promtool", ["check", "rules", path], { encoding: "utf8" });
    expect(checked.status, checked.stderr).toBe(0);
  }
  rmSync(folder, { recursive: true });
});

const caddy = spawnSync("caddy", ["version"]).status === 0;

test.skipIf(!caddy)("Caddy accepts its example as it stands, and has nothing to remark", () => {
  const home = mkdtempSync(join(tmpdir(), "causeway-caddy-"));
  const file = new URL("deploy/Caddyfile", root).pathname;
  const flags = ["--adapter", "caddyfile", "--config", file];
  const env = { PATH: process.env["PATH"], HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  const checked = spawnSync("caddy", ["validate", ...flags], { encoding: "utf8", env });
  expect(checked.status, checked.stderr).toBe(0);
  expect(checked.stderr).not.toMatch(/"level":"(warn|error)"/);
  rmSync(home, { recursive: true });
});

const systemd = spawnSync("systemd-analyze", ["--version"]).status === 0;

test.skipIf(!systemd)("systemd knows every setting of the unit, and reports little exposure", () => {
  const unit = new URL("deploy/causeway.service", root).pathname;
  const verified = spawnSync("systemd-analyze", ["verify", unit], { encoding: "utf8" });
  // The programs of the unit are not installed here.
  const findings = verified.stderr
    .split("\n")
    .filter((line) => line !== "" && !/is not executable/.test(line));
  expect(findings).toEqual([]);
  // Tenths: 0 exposes nothing, 100 everything.
  const secured = spawnSync("systemd-analyze", ["security", "--offline=true", "--threshold=20", unit]);
  expect(secured.status, String(secured.stdout).slice(-300)).toBe(0);
});
