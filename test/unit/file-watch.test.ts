import { mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFileWatch } from "../../src/core/process/file-watch.ts";
import { eventually } from "../support/eventually.ts";

test("a change is noticed with every way of writing", async () => {
  const directory = await mkdtemp(join(tmpdir(), "causeway-watch-"));
  const at = (name: string) => join(directory, name);
  let changes = 0;
  let seen = 0;
  const watch = createFileWatch(() => {
    changes += 1;
  });
  const noticed = () =>
    eventually(() => {
      expect(changes).toBeGreaterThan(seen);
      seen = changes;
    });
  try {
    await writeFile(at("a.json"), "1");
    await writeFile(at("target-1"), "1");
    await symlink("target-1", at("b.json"));
    watch.watch([at("a.json"), at("b.json"), at("later.md")]);
    // The watch starts some time after the call, so the test repeats the first change until it is noticed.
    let text = "";
    await eventually(
      async () => {
        text += "x";
        await writeFile(at("a.json"), text);
        expect(changes).toBeGreaterThan(0);
      },
      { intervalMs: 1_500 },
    );
    await noticed();

    await writeFile(at("a.json.new"), "replaced by a rename, as editors do");
    await rename(at("a.json.new"), at("a.json"));
    await noticed();

    await writeFile(at("target-2"), "a link that is replaced, as in a container");
    await symlink("target-2", at("b.json.new"));
    await rename(at("b.json.new"), at("b.json"));
    await noticed();

    await writeFile(at("later.md"), "a file that was not there before");
    await noticed();

    watch.watch([at("b.json")]);
    await unlink(at("a.json"));
    await writeFile(at("target-2"), "only this one is watched now");
    await noticed();
  } finally {
    watch.stop();
    await rm(directory, { recursive: true });
  }
});
