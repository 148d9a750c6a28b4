import { createServer, IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import express, { type IRouter, type RequestHandler, type Router } from "express";
import { overloaded, StartupError } from "../../core/faults/errors.ts";
import type { Logger } from "../../core/process/logger.ts";
import { wait } from "../../core/time/wait.ts";
import { guardConnections } from "./connections.ts";
import { errorResponse, notFound } from "./error-response.ts";
import type { Senders } from "./full-database.ts";
import { giveRequestId } from "./request-id.ts";
import { type FinishedRequest, timeRequests } from "./request-times.ts";

export interface HttpParts {
  /** Adds the webhooks' routes to the service, each behind `admit`. */
  webhooks(service: IRouter, admit: RequestHandler): void;
  health: Router;
  /** The other routes, by path prefix, in order. */
  mounts: readonly HttpMount[];
  limits?: HttpLimits;
  onFinished?: (request: FinishedRequest) => void;
}

/** The limits of the server; a limit that is not given does not exist. */
export interface HttpLimits {
  /** Creates the memory account of a request's body. */
  keepBody?: (request: IncomingMessage, response: ServerResponse) => void;
  /** Maximum number of open connections. */
  mostConnections?: number;
  /** Returns true if no more requests of these senders can be accepted at the moment. */
  isFull?: (senders: Senders) => boolean;
}

export interface HttpMount {
  path: string;
  router: Router;
  /** The senders of these routes. */
  senders?: "callers" | "visitors";
}

export interface HttpServer {
  server: Server;
  /** Handles requests to switch to another protocol. Returns false if it does not handle one. */
  onUpgrade(handle: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean): void;
  /** The port in use: the configured one, or any free one for 0. */
  listen(host: string, port: number): Promise<number>;
  /**
   * Accepts no more connections and waits for the requests in progress. Long streams are asked to end. `graceMs` after
   * `answered` resolves, the rest is cut: clients that do not read their answers.
   */
  close(graceMs: number, answered?: Promise<void>): Promise<void>;
}

/** Time limits for clients, milliseconds. */
export interface HttpPatience {
  headersMs: number;
  /** Headers and body together, because files are uploaded over slow lines too. */
  requestMs: number;
  /** Interval of checks for slower clients. */
  checkMs: number;
  /** Maximum time in which a client may read nothing of its answer. */
  unreadMs?: number;
}

/** Interval of checks for connections without a request while the server closes, milliseconds. */
const IDLE_SWEEP_MS = 50;

const PATIENCE: HttpPatience = { headersMs: 15_000, requestMs: 120_000, checkMs: 5_000 };
const UNREAD_MS = 60_000;

/** The whole HTTP side. Requests pass its parts in the order of this function. */
export function createHttpServer(
  parts: HttpParts,
  log: Logger,
  patience: HttpPatience = PATIENCE,
): HttpServer {
  const arrive = arrival(parts);
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", "simple");
  const admit =
    (senders: Senders): RequestHandler =>
    (_request, _response, next) =>
      next(parts.limits?.isFull?.(senders) ? overloaded() : undefined);
  // First, because most requests are for them, and before anything that reads bodies: signatures cover the raw bytes.
  parts.webhooks(app, admit("platforms"));
  // Answers also while all other requests are refused.
  app.use(parts.health);
  for (const { path, router, senders = "callers" } of parts.mounts) app.use(path, admit(senders), router);
  app.use(notFound);
  app.use(errorResponse(log));

  const server = createServer(
    {
      headersTimeout: patience.headersMs,
      requestTimeout: patience.requestMs,
      connectionsCheckingInterval: patience.checkMs,
      keepAliveTimeout: 65_000,
      IncomingMessage: bornAs(IncomingMessage, app.request),
      ServerResponse: bornAs(ServerResponse, app.response),
    },
    (request, response) => {
      if (!connections.begin(request, response)) return;
      arrive(request, response);
      app(request, response);
    },
  );
  const connections = guardConnections(server, {
    most: parts.limits?.mostConnections ?? Number.POSITIVE_INFINITY,
    unreadMs: patience.unreadMs ?? UNREAD_MS,
  });
  return {
    server,
    onUpgrade(handle) {
      server.on("upgrade", (request, socket, head) => {
        connections.keep(socket);
        if (!handle(request, socket, head)) socket.destroy();
      });
    },
    listen: (host, port) => listen(server, host, port),
    close: (graceMs, answered = Promise.resolve()) => close(server, graceMs, answered),
  };
}

/** The setup of every request. It is no middleware, because passing a message on would cost more than this work. */
function arrival({
  onFinished,
  limits,
}: HttpParts): (request: IncomingMessage, response: ServerResponse) => void {
  const time = onFinished && timeRequests(onFinished);
  return (request, response) => {
    time?.(request, response);
    giveRequestId(response);
    response.setHeader("X-Content-Type-Options", "nosniff");
    limits?.keepBody?.(request, response);
  };
}

/**
 * A class whose instances have the prototype that Express would set later. An object whose prototype changes stays
 * slow, and each request created two of them. Node's own classes are functions, so they can be called on an existing
 * object. A Node with real classes uses them unchanged.
 */
function bornAs<C extends typeof IncomingMessage | typeof ServerResponse>(parent: C, prototype: object): C {
  if (String(parent).startsWith("class")) return parent;
  const born = function (this: object, first: unknown, second: unknown) {
    Function.prototype.call.call(parent, this, first, second);
  };
  born.prototype = prototype;
  // Tells V8 the number of properties to reserve. Without it the object becomes a hash table, 2 KB each.
  Object.setPrototypeOf(born, parent);
  return born as unknown as C;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(
        new StartupError(
          taken
            ? `Port ${port} on ${host} is taken. Stop what listens there, or set PORT to another one.`
            : `Cannot listen on ${host}:${port} (${error.code ?? error.message}). ${listenFix(error.code)}`,
          { cause: error },
        ),
      );
    });
    // The listener stays. A connection that cannot be accepted is an error of the server. Without a listener it would
    // end the process.
    server.on("error", () => undefined);
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      resolve(address.port);
    });
  });
}

function listenFix(code: string | undefined): string {
  if (code === "EACCES") return "Ports below 1024 belong to root: set PORT to another one.";
  return "Set HOST to an address of this machine, such as 127.0.0.1 or 0.0.0.0.";
}

async function close(server: Server, graceMs: number, answered: Promise<void>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const over = new AbortController();
  // A connection whose request ends now stays open for the next request, which would never be accepted.
  const sweep = setInterval(() => server.closeIdleConnections(), IDLE_SWEEP_MS);
  server.closeIdleConnections();
  void answered.then(async () => {
    await wait(graceMs, over.signal);
    server.closeAllConnections();
  });
  await closed;
  clearInterval(sweep);
  over.abort();
}
