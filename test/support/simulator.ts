import { type AloneSimulator, startAlone } from "../../src/simulator/alone.ts";
import type { PlatformName } from "../../src/simulator/connection.ts";

/** Calls the control API; returns the status and the parsed answer. */
type Control = (
  method: string,
  path: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<ControlAnswer>;

export interface TestSimulator extends AsyncDisposable {
  origin: string;
  settings: Record<string, string>;
  control: Control;
  close: AloneSimulator["close"];
}

export interface ControlAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  body: any;
}

/** The control API of the simulator at an address: one alone, or one inside a service. */
export function controlAt(origin: string): Control {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${origin}/simulator/v1${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
    });
    return { status: response.status, body: await response.json() };
  };
}

/** A simulator on a free port, with one bot of each of these platforms. */
export async function startSimulator(...platforms: PlatformName[]): Promise<TestSimulator> {
  const alone = await startAlone({ platforms, port: 0 });
  const settings = alone.simulator.connections().map((connection) => connection.settings());
  return {
    origin: alone.origin,
    settings: Object.assign({}, ...settings),
    close: alone.close,
    control: controlAt(alone.origin),
    [Symbol.asyncDispose]: alone.close,
  };
}
