import type { Socket } from "node:net";
import { serveAlone } from "../../src/simulator/alone.ts";
import type { PlatformName } from "../../src/simulator/connection.ts";
import type { Simulator } from "../../src/simulator/simulator.ts";
import type { ScriptedAnswer } from "../../src/simulator/wire/faults.ts";

/** A call that the platform has carried out, with its answer. */
export interface CarriedOut {
  at: string;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: each call has an answer of another shape
  answer: any;
}

/** The faults of all platforms for the next call of a name. */
export type CommonFault =
  /** Another server than the platform answers. */
  | { html: number }
  /** The connection breaks: before the call is carried out, or after. */
  | { cut: "before" | "after" }
  /** The call is carried out, but the answer never comes. */
  | { hang: true };

const A_DAY = 86_400;

/**
 * A platform of the simulator for tests that write its events themselves. Events of the simulator go nowhere, and the
 * files that it loads are empty. It answers oddly on demand.
 */
export async function startScriptedSimulator(platform: PlatformName, addBot: (simulator: Simulator) => void) {
  const alone = await serveAlone({ port: 0, reach: () => "data:image/png;base64," }, addBot);
  const { simulator, server, origin, close } = alone;
  const sockets = new Set<Socket>();
  const standing = new Map<string, ScriptedAnswer>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  const calls = () => simulator.log.all().filter(({ direction }) => direction === "call");

  return {
    origin,
    simulator,
    close,
    openConnections: () => sockets.size,
    /** Number of received calls, carried out or not. */
    requests: () => calls().length,
    /** The calls of this name that were carried out, oldest first. */
    carriedOut: (call: string): CarriedOut[] =>
      calls()
        .filter(({ name, answer, trouble }) => {
          const wasCarriedOut = trouble === null || trouble === "cut" || trouble === "hang";
          return name === call && wasCarriedOut && answer !== null && answer.status < 300;
        })
        .map(({ at, request, answer }) => ({
          at,
          body: request.body,
          answer: JSON.parse(answer?.body ?? "null"),
        })),
    /** The names of all received calls, carried out or not, oldest first. */
    names: () => calls().map(({ name }) => name),
    /** The next calls of this name meet a fault. */
    fail(call: string, fault: CommonFault | { answer: ScriptedAnswer }, times = 1): void {
      const one = { platform, call, times };
      if ("hang" in fault) simulator.faults.add({ ...one, fault: "hang" });
      else if ("cut" in fault)
        simulator.faults.add({ ...one, fault: fault.cut === "before" ? "drop" : "cut" });
      else
        simulator.faults.add({
          ...one,
          fault: "answer",
          answer: "html" in fault ? page(fault.html) : fault.answer,
        });
    },
    /** Ends all faults, and everything that `tell` has set. */
    forget(): void {
      standing.clear();
      simulator.faults.clear();
    },
    /** All calls of this name are answered so from now on, whatever their token. */
    tell(call: string, answer: ScriptedAnswer): void {
      standing.set(call, answer);
      simulator.faults.clear();
      for (const [name, each] of standing)
        simulator.faults.add({ platform, call: name, fault: "answer", answer: each, seconds: A_DAY });
    },
  };
}

const page = (status: number): ScriptedAnswer => ({
  status,
  headers: { "content-type": "text/html" },
  body: "<html>not the platform</html>",
});
