import { broken, type Finding, well } from "../core/finding.ts";
import { newId } from "../core/ids.ts";
import { type FileStore, readWhole } from "./file-store.ts";

const CREDENTIALS = "what its credentials may do";

/** Whether a store keeps a file, gives it back and erases it; says which of these it does not, and why. */
export async function diagnoseFileStore(store: FileStore): Promise<Finding[]> {
  const id = newId();
  const content = Buffer.from("causeway doctor");
  const kept = await faultOf(() => store.write(id, content, "text/plain"));
  if (kept !== null)
    return [
      broken(
        "",
        `A file could not be kept there: ${kept}.`,
        `check the bucket, its endpoint and region, and ${CREDENTIALS}`,
      ),
    ];
  const read = await faultOf(async () => {
    const found = await readWhole(store, id);
    if (!found?.equals(content)) throw new Error("it is not what was kept");
  });
  // Whatever came of reading it: nothing is to stay behind.
  const erased = await faultOf(() => store.erase(id));
  const faults = [
    ...(read === null
      ? []
      : [broken("", `A file could not be read there: ${read}.`, `check ${CREDENTIALS}`)]),
    ...(erased === null
      ? []
      : [broken("", `A file could not be erased there: ${erased}.`, `check ${CREDENTIALS}`)]),
  ];
  return faults.length > 0 ? faults : [well("", "A file was kept there, read and erased.")];
}

/** Why something cannot be done, in words; null where it can. */
async function faultOf(task: () => Promise<unknown>): Promise<string | null> {
  try {
    await task();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
