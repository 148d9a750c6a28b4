import type { Socket } from "node:net";
import { startAlone } from "../../src/simulator/alone.ts";
import type { PlatformName } from "../../src/simulator/connection.ts";
import type { FaultRequest } from "../../src/simulator/wire/faults.ts";
import { describeChannelConformance, noButtons } from "./conformance.ts";
import type { ConformanceSubject, SubjectTools, VendorFault } from "./conformance-subject.ts";
import { CHAT, SECRET_TOKEN, telegramChannel, telegramSubject } from "./telegram-subject.ts";

const GROUP = -100987;

/** The same channel as on the suite's own fake, connected to the simulator. */
async function simulatedSubject(tools: SubjectTools): Promise<ConformanceSubject> {
  const onFake = await telegramSubject(tools);
  let alone = await startAlone({ platforms: ["telegram"], port: 0 });
  const { origin } = alone;
  const phone = () => alone.simulator.connections()[0];
  const { TELEGRAM_BOT_TOKEN: token = "", TELEGRAM_API_ROOT: url = "" } = phone()?.settings() ?? {};
  const channel = telegramChannel(
    { url, token },
    { log: tools.log, findButtons: tools.findButtons, config: { streaming: true } },
  );
  const said = { text: "hello", from: null, thread: null, replyTo: null, file: null };
  for (const chat of [CHAT, GROUP]) phone()?.say(String(chat), said);
  const fromBot = (chat: number) =>
    (phone()?.look(String(chat)).messages ?? []).filter(({ from }) => from === "bot");
  const fault = (request: Omit<FaultRequest, "platform">) =>
    void alone.simulator.faults.add({ platform: "telegram", ...request });
  const sockets = new Set<Socket>();
  alone.server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });

  async function restart(platforms: PlatformName[]): Promise<void> {
    await alone.close();
    alone = await startAlone({ platforms, port: Number(new URL(origin).port) });
  }

  async function fail(kind: VendorFault): Promise<void> {
    if (kind === "rate_limited") fault({ fault: "rate_limit", times: 1, seconds: 7 });
    else if (kind === "recipient_gone") fault({ fault: "block_user", times: 1 });
    // A simulator without the bot does not know its token.
    else if (kind === "credentials_revoked") await restart(["slack"]);
    else if (kind === "server_error") fault({ fault: "error_500" });
    else if (kind === "answer_lost") fault({ fault: "cut" });
    else await alone.close();
  }

  return {
    channel,
    definition: onFake.definition,
    address: onFake.address,
    secrets: [token, SECRET_TOKEN],
    inbound: onFake.inbound,
    platform: {
      received: () => fromBot(CHAT).map(({ text }) => text),
      fail,
      openConnections: () => sockets.size,
    },
    ...(onFake.reactions ? { reactions: onFake.reactions } : {}),
    limitConversation: () => fault({ fault: "rate_limit", times: 1, seconds: 7 }),
    buttons: {
      shown: () => fromBot(CHAT).at(-1)?.buttons ?? [],
      press: () => onFake.inbound.message(""),
      forged: () => [],
    },
    streams: {
      address: String(GROUP),
      received: () => fromBot(GROUP).map(({ text }) => text),
      refuse: () => fault({ fault: "error_500" }),
    },
    async [Symbol.asyncDispose]() {
      await channel.stop?.();
      await onFake[Symbol.asyncDispose]();
      await alone.close();
    },
  };
}

/** The conformance suite runs on the simulator too, so that both stand for the same platform. */
describeChannelConformance({
  kind: "telegram (simulator)",
  isExample: true,
  setup: simulatedSubject,
  except: noButtons.map(({ test }) => ({ test, reason: "the simulator posts presses by itself" })),
});
