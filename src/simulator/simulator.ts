import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { Router } from "express";
import type { Connection, Platform, PlatformName } from "./connection.ts";
import { controlRoutes } from "./control/control-routes.ts";
import { pageRoutes } from "./control/page-routes.ts";
import { createSlack, type SlackPlatform } from "./slack/index.ts";
import { createSms } from "./sms/index.ts";
import { createTelegram } from "./telegram/index.ts";
import { createWhatsapp, type WhatsappPlatform } from "./whatsapp/index.ts";
import type { Clock } from "./wire/clock.ts";
import type { Faults } from "./wire/faults.ts";
import type { WireLog } from "./wire/wire-log.ts";
import { createWorld, type WorldOptions } from "./world.ts";

export interface SimulatorOptions extends WorldOptions {
  /** The URL below which the routes are mounted, without a trailing slash. Called when it is known. */
  origin(): string;
  /** True if the control API may say where events go. */
  canSetWebhooks?: boolean;
  /** Paths of web chats of the same service, shown beside the phones. */
  webChats?: readonly string[];
}

/** The simulated platforms and their control API, in memory. */
export interface Simulator {
  /** The page and the control API below `/v1`. */
  pages: Router;
  /** One path for each platform's API. */
  apis: Router;
  addTelegram: ReturnType<typeof createTelegram>["add"];
  addSlack: SlackPlatform["add"];
  addTwilio: WhatsappPlatform["addTwilio"];
  addMeta: WhatsappPlatform["addMeta"];
  addSms: ReturnType<typeof createSms>["add"];
  connections(): Connection[];
  /** The faults, which the control API switches too. */
  faults: Pick<Faults, "add" | "clear">;
  clock: Pick<Clock, "forward">;
  /** Every request with its answer. */
  log: Pick<WireLog, "all">;
  /** The platforms that simulate a bot. */
  active(): PlatformName[];
  /** Takes over a connection that becomes a WebSocket. False: the path is not one of the simulator's. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

export function createSimulator(options: SimulatorOptions): Simulator {
  const world = createWorld(options);
  const { canSetWebhooks = false, webChats = [] } = options;
  const telegram = createTelegram(world, options.origin);
  const slack = createSlack(world, options.origin);
  const whatsapp = createWhatsapp(world, options.origin);
  const sms = createSms(world, options.origin);
  const platforms: readonly Platform[] = [telegram, slack, whatsapp, sms];
  const pages = Router();
  pages.use("/v1", controlRoutes({ world, platforms, canSetWebhooks, webChats }));
  pages.use(pageRoutes());
  const apis = Router();
  for (const platform of platforms) platform.serve(apis);
  const connections = () => platforms.flatMap((platform) => platform.connections());
  return {
    pages,
    apis,
    addTelegram: telegram.add,
    addSlack: slack.add,
    addTwilio: whatsapp.addTwilio,
    addMeta: whatsapp.addMeta,
    addSms: sms.add,
    connections,
    faults: world.faults,
    clock: world.clock,
    log: world.log,
    active: () => [...new Set(connections().map(({ platform }) => platform))],
    upgrade: slack.upgrade,
    close() {
      slack.close();
      world.close();
    },
  };
}
