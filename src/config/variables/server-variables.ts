import { z } from "zod";
import { publicUrlProblem } from "../public-url.ts";
import { addresses, rate, variable } from "../variable.ts";

/** Variables of the HTTP server, the processes and their limits. */
export const serverVariables = {
  PORT: variable({
    doc: "Port of the HTTP server. `0` takes any free port.",
    schema: z
      .string()
      .regex(/^\d{1,5}$/, "write a port number from 0 to 65535")
      .transform(Number)
      .refine((port) => port <= 65_535, "write a port number from 0 to 65535"),
    default: "3000",
  }),
  HOST: variable({
    doc: "Address on which the HTTP server listens. `0.0.0.0` lets other machines connect.",
    schema: z.string().regex(/^[^\s/]+$/, "write a host name or an IP address, such as 127.0.0.1"),
    default: "127.0.0.1",
  }),
  CAUSEWAY_CONFIG: variable({
    doc: "The configuration file, or several separated by commas (one workspace each).",
    schema: z
      .string()
      .transform((list) =>
        list
          .split(",")
          .map((file) => file.trim())
          .filter((file) => file !== ""),
      )
      .refine((files) => files.length > 0, "write the path of a configuration file"),
    default: null,
    unset: "`./channels.config.local.json` if it exists, else `./channels.config.json`",
  }),
  CAUSEWAY_WATCH: variable({
    doc: "`1` reads the configuration again, like `causeway reload`, after each change of its file, a file that it refers to or `.env`. `0` waits for `causeway reload`.",
    schema: z.enum(["0", "1"], "write 1 or 0").transform((text) => text === "1"),
    default: "0",
  }),
  CAUSEWAY_DATA_DIR: variable({
    doc: "Directory of the embedded database and of generated secrets (mode 0600).",
    schema: z.string(),
    default: "./.causeway",
  }),
  CAUSEWAY_PUBLIC_URL: variable({
    doc: "The URL at which platforms reach the service. The service checks signatures and registers webhooks with it.",
    schema: z.string().superRefine((text, check) => {
      const problem = publicUrlProblem(text);
      if (problem !== null) check.addIssue({ code: "custom", message: problem });
    }),
    default: null,
    unset: "`http://HOST:PORT`",
  }),
  CAUSEWAY_TRUSTED_PROXIES: variable({
    doc: "The proxies whose `X-Forwarded-For` header gives the caller's address. Write addresses and networks, separated by commas (`10.1.2.3, 2001:db8::/48`). `private` means this machine and all private networks. `none` means no proxy. Limits count by the caller's address.",
    schema: addresses,
    default: "private",
  }),
  CAUSEWAY_API_KEY: variable({
    doc: "The first operator key, with all scopes; at least 24 characters, such as the output of `openssl rand -hex 32`.",
    schema: z
      .string()
      .regex(/^[\x21-\x7e]{1,256}$/, "write up to 256 printable characters without spaces")
      .min(24, "write at least 24 characters, such as the output of `openssl rand -hex 32`"),
    default: null,
    unset: "generated at first start and kept in the data directory",
  }),
  CAUSEWAY_ROLE: variable({
    doc: "`web` receives and answers HTTP requests. `worker` runs turns and deliveries. `all` does both.",
    schema: z.enum(["all", "web", "worker"], "write all, web or worker"),
    default: "all",
  }),
  CAUSEWAY_SIMULATE: variable({
    doc: "Kinds of channels to connect to the simulator instead of the platform, separated by commas: `telegram`, `slack`, `whatsapp`, `sms`. It counts for every channel of that kind.",
    schema: z
      .string()
      .transform((list) =>
        list
          .split(",")
          .map((kind) => kind.trim())
          .filter((kind) => kind !== ""),
      )
      .refine(
        (kinds) => kinds.every((kind) => ["telegram", "slack", "whatsapp", "sms"].includes(kind)),
        "write any of telegram, slack, whatsapp and sms, separated by commas",
      ),
    default: null,
    unset: 'only channels with `"simulate": true`',
  }),
  CAUSEWAY_KEY_RATE: variable({
    doc: "Requests per minute for one API key, on each process. The requests of five seconds may come at once. Beyond the limit, the answer is 429 with `Retry-After`.",
    schema: rate,
    default: "60000",
  }),
  CAUSEWAY_USER_RATE: variable({
    doc: "Messages per minute from one user over the API, with any key, on each process. The messages of five seconds may come at once.",
    schema: rate,
    default: "600",
  }),
  CAUSEWAY_KEY_STREAMS: variable({
    doc: "Streams and WebSockets that one API key may have open, on each process. Beyond the limit, the answer is 429.",
    schema: rate,
    default: "6000",
  }),
  CAUSEWAY_STOP_SECONDS: variable({
    doc: "Time limit for a stop, in seconds. After it, unfinished work is released. Kubernetes kills after 30 s, systemd after 90 s, Docker after 10 s.",
    schema: z
      .string()
      .regex(/^[1-9]\d{0,3}$/, "write a whole number of seconds from 1 to 9999")
      .transform(Number),
    default: "25",
  }),
  LOG_LEVEL: variable({
    doc: "The lowest level that is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.",
    schema: z.enum(
      ["trace", "debug", "info", "warn", "error", "fatal", "silent"],
      "write trace, debug, info, warn, error, fatal or silent",
    ),
    default: "info",
  }),
};
