import { useState } from "preact/hooks";
import { call, PLATFORMS, type PlatformName, type State } from "./wire.ts";

const FAULTS: readonly [name: string, label: string][] = [
  ["rate_limit", "Rate limit"],
  ["error_500", "Error 500"],
  ["hang", "Hang"],
  ["cut", "Cut"],
  ["drop", "Drop"],
  ["revoke_token", "Revoke token"],
  ["duplicate", "Duplicate"],
  ["reorder", "Reorder"],
  ["late", "Late"],
  ["block_user", "Block"],
];

export interface ControlsProps {
  state: State;
  act(task: Promise<unknown>): void;
  onReset(): void;
}

/** The faults as buttons, the clock, and the actions on the whole run. */
export function Controls({ state, act, onReset }: ControlsProps) {
  return (
    <section class="controls" aria-label="Controls">
      <Faults state={state} act={act} />
      <Run state={state} act={act} onReset={onReset} />
    </section>
  );
}

function Faults({ state, act }: Omit<ControlsProps, "onReset">) {
  const present = PLATFORMS.filter((name) => state.bots.some(({ platform }) => platform === name));
  const [chosen, setChosen] = useState<PlatformName | null>(null);
  const platform = chosen ?? present[0] ?? "telegram";
  const isOn = (name: string) =>
    state.faults.some((fault) => fault.fault === name && fault.platform === platform);
  return (
    <div class="group">
      <label>
        Fault on{" "}
        <select value={platform} onChange={(event) => setChosen(event.currentTarget.value as PlatformName)}>
          {present.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {FAULTS.map(([name, label]) => (
        <button
          type="button"
          key={name}
          aria-pressed={isOn(name)}
          onClick={() => act(call("POST", "/faults", { platform, fault: name }))}
        >
          {label}
        </button>
      ))}
      <button
        type="button"
        disabled={state.faults.length === 0}
        onClick={() => act(call("DELETE", "/faults"))}
      >
        No faults
      </button>
    </div>
  );
}

function Run({ state, act, onReset }: ControlsProps) {
  const forward = (seconds: number) => act(call("POST", "/clock", { forward_seconds: seconds }));
  return (
    <div class="group">
      <span>
        Clock <time dateTime={state.now}>{state.now.slice(0, 16).replace("T", " ")}</time>
      </span>
      <button type="button" onClick={() => forward(3600)}>
        + 1 hour
      </button>
      <button type="button" onClick={() => forward(86_400)}>
        + 1 day
      </button>
      <button type="button" onClick={() => act(saveRun())}>
        Save run
      </button>
      <button
        type="button"
        onClick={() => {
          onReset();
          act(call("POST", "/reset", {}));
        }}
      >
        Start over
      </button>
    </div>
  );
}

/** Offers the run as a file for `causeway simulate --replay`. */
async function saveRun(): Promise<void> {
  const run = await call<unknown>("GET", "/run");
  const url = URL.createObjectURL(new Blob([JSON.stringify(run, null, 2)], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = "simulator-run.json";
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
