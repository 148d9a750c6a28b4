import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./redis.ts";

/** The name in the examples of `deploy/`. */
export const SITE = "chat.example.org";

export type ProxyName = "nginx" | "caddy";

/** True if the proxy is installed here. Debian has both. */
export const hasProxy = (name: ProxyName): boolean =>
  spawnSync(name, [name === "nginx" ? "-v" : "version"], { env: withSbin() }).status === 0 &&
  spawnSync("openssl", ["version"]).status === 0;

export interface ReverseProxy extends AsyncDisposable {
  port: number;
  /** The port that takes http, of nginx. */
  plainPort: number;
  /** The certificate that clients have to trust. */
  ca: Buffer;
  /** Asks the site, with the name that the certificate has. */
  ask(
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: string | Buffer },
  ): Promise<IncomingMessage>;
}

/** Runs the example of `deploy/` in front of a service. Only names, ports and certificates are replaced. */
export async function startProxy(name: ProxyName, serviceUrl: string): Promise<ReverseProxy> {
  const directory = await mkdtemp(join(tmpdir(), "causeway-proxy-"));
  // As root, nginx works under another account, which buffers uploads here.
  await chmod(directory, 0o755);
  const [port, plainPort] = [await freePort(), await freePort()];
  makeCertificate(directory);
  const place = { directory, port, plainPort, service: new URL(serviceUrl).host };
  const child = name === "nginx" ? await startNginx(place) : await startCaddy(place);
  let output = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const ended = once(child, "close");
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await eventually(() => {
      if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`);
      return reachable(port);
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const ca = readFileSync(join(directory, "site.pem"));
  return {
    port,
    plainPort,
    ca,
    ask: (method, path, { headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const host = { host: "127.0.0.1", port, servername: SITE, ca, agent: false } as const;
        const sent = request({ ...host, method, path, headers: { host: SITE, ...headers } }, resolve);
        sent.once("error", reject);
        sent.end(body);
      }),
    [Symbol.asyncDispose]: stop,
  };
}

interface Place {
  directory: string;
  port: number;
  plainPort: number;
  /** Host and port of the service. */
  service: string;
}

const example = (name: string) => readFile(new URL(`../../deploy/${name}`, import.meta.url), "utf8");

/** Replaces a text of the example. Throws if it is not there, because then the test would test something else. */
function swap(text: string, from: string | RegExp, to: string): string {
  const changed = text.replaceAll(
    typeof from === "string" ? from : new RegExp(from.source, `${from.flags}g`),
    to,
  );
  if (changed === text) throw new Error(`the example has no ${from}`);
  return changed;
}

async function startNginx({ directory, port, plainPort, service }: Place): Promise<ChildProcess> {
  let site = await example("nginx.conf");
  site = swap(site, "127.0.0.1:3000", service);
  site = swap(site, /listen \[::\]:\d+[^;]*;/, "");
  site = swap(site, "listen 80;", `listen 127.0.0.1:${plainPort};`);
  site = swap(site, "listen 443 ssl;", `listen 127.0.0.1:${port} ssl;`);
  site = swap(site, /\/etc\/letsencrypt\/\S+\/fullchain\.pem/, join(directory, "site.pem"));
  site = swap(site, /\/etc\/letsencrypt\/\S+\/privkey\.pem/, join(directory, "site.key"));
  await writeFile(join(directory, "site.conf"), site);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
    .map((kind) => `${kind}_temp_path ${join(directory, kind)};`)
    .join("\n");
  await writeFile(
    join(directory, "nginx.conf"),
    `daemon off;\npid ${join(directory, "nginx.pid")};\nerror_log stderr;\nworker_processes 1;\nevents {}
    http {\naccess_log off;\n${temporary}\ninclude ${join(directory, "site.conf")};\n}\n`,
  );
  return spawn("nginx", ["-e", "stderr", "-p", directory, "-c", join(directory, "nginx.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: withSbin(),
  });
}

async function startCaddy({ directory, port, service }: Place): Promise<ChildProcess> {
  let site = await example("Caddyfile");
  site = swap(site, "127.0.0.1:3000", service);
  const certificate = `tls ${join(directory, "site.pem")} ${join(directory, "site.key")}`;
  site = swap(
    site,
    /^chat\.example\.org \{/m,
    `https://${SITE}:${port} {\n\tbind 127.0.0.1\n\t${certificate}`,
  );
  const file = join(directory, "Caddyfile");
  await writeFile(file, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
  return spawn("caddy", ["run", "--adapter", "caddyfile", "--config", file], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...withSbin(), HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
  });
}

function makeCertificate(directory: string): void {
  const [key, certificate] = [join(directory, "site.key"), join(directory, "site.pem")];
  const names = ["-subj", `/CN=${SITE}`, "-addext", `subjectAltName=DNS:${SITE}`];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", key, "-out", certificate, ...names], {
    stdio: "ignore",
  });
}

async function reachable(port: number): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect").finally(() => socket.destroy());
}

/** Debian installs servers in folders that are only in root's PATH. */
function withSbin(): NodeJS.ProcessEnv {
  return { PATH: `${process.env["PATH"]}:/usr/sbin` };
}
