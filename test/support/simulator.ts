import { type AloneSimulator, startAlone } from "../../src/simulator/alone.ts";
import type { PlatformName } from "../../src/simulator/connection.ts";

export interface TestSimulator extends AsyncDisposable {
  origin: string;
  settings: Record<string, string>;
  /** Calls the control API; returns the status and the parsed answer. */
  control(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<ControlAnswer>;
  close: AloneSimulator["close"];
}

export interface ControlAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** A simulator on a free port, with one bot of each of these platforms. */
export async function startSimulator(...platforms: PlatformName[]): Promise<TestSimulator> {
  const alone = await startAlone({ platforms, port: 0 });
  const settings = alone.simulator.connections().map((connection) => connection.settings());
  return {
    origin: alone.origin,
    settings: Object.assign({}, ...settings),
    close: alone.close,
    async control(method, path, body, headers = {}) {
      const response = await fetch(`${alone.origin}/simulator/v1${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      });
      return { status: response.status, body: await response.json() };
    },
    [Symbol.asyncDispose]: alone.close,
  };
}
