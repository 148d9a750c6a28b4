import { createServer, IncomingMessage, type Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import express, { type IRouter, type RequestHandler, type Router } from "express";
import { overloaded, StartupError } from "../core/errors.ts";
import type { Logger } from "../core/logger.ts";
import type { Room } from "../core/room.ts";
import { errorResponse, notFound } from "./error-response.ts";
import { keepRoom } from "./read-bytes.ts";
import { giveRequestId } from "./request-id.ts";
import { type FinishedRequest, timeRequests } from "./request-times.ts";

export interface HttpParts {
  /** Puts the webhooks' routes on the service, each of them behind `admit`. */
  webhooks(service: IRouter, admit: RequestHandler): void;
  health: Router;
  /** What else is served, by path prefix, in order. */
  mounts: readonly { path: string; router: Router }[];
  /** For the bodies of requests; without limit where none is given. */
  bodies?: Room;
  /** Whether no further request can be taken at the moment. */
  overloaded?: () => boolean;
  onFinished?: (request: FinishedRequest) => void;
}

export interface HttpServer {
  server: Server;
  /** The port it got: the configured one, or any free one for 0. */
  listen(host: string, port: number): Promise<number>;
  /** Takes no more connections and waits for the requests under way; long streams are told to go. */
  close(graceMs: number): Promise<void>;
}

/** How long a client may take, milliseconds. */
export interface HttpPatience {
  headersMs: number;
  /** Headers and body together: files are uploaded over slow lines too. */
  requestMs: number;
  /** How often clients are looked at that take longer. */
  checkMs: number;
}

const PATIENCE: HttpPatience = { headersMs: 15_000, requestMs: 120_000, checkMs: 5_000 };

/** The whole of the HTTP side; the order of what a request passes through is the order here. */
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
  const admit: RequestHandler = (_request, _response, next) =>
    next(parts.overloaded?.() ? overloaded() : undefined);
  // First, as most of what comes is for them, and before anything that reads bodies: signatures are over the raw bytes.
  parts.webhooks(app, admit);
  // Also while everything else is turned away.
  app.use(parts.health);
  app.use(admit);
  for (const { path, router } of parts.mounts) app.use(path, router);
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
      arrive(request, response);
      app(request, response);
    },
  );
  return {
    server,
    listen: (host, port) => listen(server, host, port),
    close: (graceMs) => close(server, graceMs),
  };
}

/** What every request is given. Not as middleware, which would cost a message more by being passed on than by what it does. */
function arrival({
  onFinished,
  bodies,
}: HttpParts): (request: IncomingMessage, response: ServerResponse) => void {
  const time = onFinished && timeRequests(onFinished);
  const keep = bodies && keepRoom(bodies);
  return (request, response) => {
    time?.(request, response);
    giveRequestId(response);
    response.setHeader("X-Content-Type-Options", "nosniff");
    keep?.(request, response);
  };
}

/**
 * A class whose instances have the prototype that Express would give them later: an object whose prototype changes is
 * slow to use ever after, and each request brought two of them. Node's own are functions, so they can be called on an
 * object that is there; a Node in which they are classes gets them as they are.
 */
function bornAs<C extends typeof IncomingMessage | typeof ServerResponse>(parent: C, prototype: object): C {
  if (String(parent).startsWith("class")) return parent;
  const born = function (this: object, first: unknown, second: unknown) {
    Function.prototype.call.call(parent, this, first, second);
  };
  born.prototype = prototype;
  // Tells V8 how many properties to make room for; those without room turn the whole object into a hash table, 2 KB each.
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
            : `Cannot listen on ${host}:${port}: ${error.message}`,
          { cause: error },
        ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      resolve(address.port);
    });
  });
}

async function close(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
