import { type AddressInfo, connect, createServer, type NetConnectOpts, type Socket } from "node:net";

/** A network between the service and a server, which fails on demand. */
export interface TcpProxy extends AsyncDisposable {
  port: number;
  /** Breaks every connection with a reset. */
  cut(): void;
  /** Breaks current connections and refuses new ones, until it is opened. */
  refuse(): void;
  /** Swallows all data on current and new connections, until it is opened. */
  swallow(): void;
  /** New connections work again. Swallowed connections stay silent for ever, as half-open ones do. */
  open(): void;
}

type Mode = "open" | "refuse" | "swallow";

export async function startTcpProxy(target: NetConnectOpts): Promise<TcpProxy> {
  const pairs = new Map<Socket, Socket>();
  const silent = new Set<Socket>();
  let mode: Mode = "open";

  const server = createServer((near) => {
    near.on("error", () => near.destroy());
    if (mode === "refuse") return void near.destroy();
    if (mode === "swallow") {
      silent.add(near);
      near.once("close", () => silent.delete(near));
      return void near.resume();
    }
    const far = connect(target);
    pairs.set(near, far);
    const end = () => {
      pairs.delete(near);
      far.destroy();
      // A silent connection does not learn that the other side is gone.
      if (!silent.has(near)) near.destroy();
    };
    far.on("error", end).once("close", end);
    near.once("close", () => {
      silent.delete(near);
      end();
    });
    near.pipe(far);
    far.pipe(near);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const cut = () => {
    for (const near of [...pairs.keys(), ...silent]) near.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut,
    refuse() {
      mode = "refuse";
      cut();
    },
    swallow() {
      mode = "swallow";
      for (const [near, far] of pairs) {
        silent.add(near);
        near.unpipe(far);
        far.unpipe(near);
        near.resume();
        far.destroy();
      }
    },
    open() {
      mode = "open";
    },
    async [Symbol.asyncDispose]() {
      cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
