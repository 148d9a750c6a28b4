import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { commands, runCli } from "../../src/cli/run-cli.ts";

async function run(args: string[], env = {}): Promise<{ code: number | null; output: string }> {
  let output = "";
  const print = (line: string) => {
    output += `${line}\n`;
  };
  const code = await runCli(args, {
    print,
    start: async () => print("started"),
    env,
  });
  return { code, output };
}

describe("the command line", () => {
  it("prints its usage and fails for an unknown command", async () => {
    for (const args of [["dance"], ["bot", "check"], ["bot"], ["bot", "chekc"]]) {
      const { code, output } = await run(args);
      expect(code).toBe(2);
      expect(output).toContain("causeway bot check <url>");
    }
    const fast = await run(["start", "--fast"]);
    expect(fast).toMatchObject({ code: 2, output: expect.stringContaining("has no option --fast") });
  });

  it("keeps remarks about a wrong call out of the output that files and shells take", async () => {
    for (const args of [["dance"], ["export", "--formta", "csv"], ["completion", "tcsh"]]) {
      const printed: string[] = [];
      const remarks: string[] = [];
      const print = (line: string) => void printed.push(line);
      const note = (line: string) => void remarks.push(line);
      expect(await runCli(args, { print, note, start: async () => {}, env: {} })).toBe(2);
      expect([printed, remarks.length]).toEqual([[], 1]);
    }
  });

  it("suggests the nearest command and the nearest option", async () => {
    const hints: [string[], string][] = [
      [["docter"], 'Did you mean "causeway doctor"?'],
      [["config", "chek"], 'Did you mean "causeway config check"?'],
      [["chanel", "add", "telegram"], 'Did you mean "causeway channel add"?'],
      [["doctor", "--jsno"], "Did you mean --json?"],
      [["export", "--untill=2026-01-01T00:00:00Z"], "Did you mean --until?"],
    ];
    for (const [args, hint] of hints) {
      const { code, output } = await run(args);
      expect(code).toBe(2);
      expect(output).toContain(hint);
    }
  });

  it("lists every command, and the options and exit codes of each", async () => {
    const { code, output } = await run(["--help"]);
    expect(code).toBe(0);
    for (const command of commands) {
      expect(output).toContain(`causeway ${command.name}`);
      const help = await run([...command.name.split(" "), "--help"]);
      expect(help.code).toBe(0);
      for (const option of Object.keys(command.options)) expect(help.output).toContain(`--${option}`);
      expect(help.output).toContain("Exit codes:");
    }
    expect((await run(["--version"])).output).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("starts the service and keeps it running", async () => {
    expect(await run(["start"])).toEqual({ code: null, output: "started\n" });
  });

  it("checks a configuration and prints every problem with its fix", async () => {
    const directory = await mkdtemp(join(tmpdir(), "causeway-cli-"));
    const file = join(directory, "channels.config.json");
    const write = (agent: string) =>
      writeFile(
        file,
        JSON.stringify({
          workspace: "default",
          agents: { echo: { bot: { type: "echo" } } },
          channels: { api: { kind: "api", agent } },
        }),
      );
    await write("ecko");
    const bad = await run(["config", "check"], { CAUSEWAY_CONFIG: file });
    expect(bad.code).toBe(1);
    expect(bad.output).toMatch(/channels\.api\.agent[\s\S]*"ecko"[\s\S]*"?echo"?/);
    await write("echo");
    const good = await run(["config", "check"], { CAUSEWAY_CONFIG: file });
    expect(good).toMatchObject({ code: 0 });
    expect(good.output).toContain("api (api) -> echo");
    await rm(directory, { recursive: true });
  });

  it("runs as the installed program", async () => {
    const program = fileURLToPath(new URL("../../dist/cli.js", import.meta.url));
    const child = spawn(process.execPath, [program, "--help"], { stdio: ["ignore", "pipe", "inherit"] });
    const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    expect(output).toContain("causeway config check");
    expect(code).toBe(0);

    const unread = spawn(process.execPath, [program, "--help"], { stdio: ["ignore", "pipe", "pipe"] });
    unread.stdout.destroy();
    const [problem, [end]] = await Promise.all([text(unread.stderr), once(unread, "exit")]);
    expect([problem, end]).toEqual(["", 0]);
  });
});
