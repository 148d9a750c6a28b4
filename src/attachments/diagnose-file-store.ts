import { errorFinding, type Finding, okFinding } from "../core/faults/finding.ts";
import { newId } from "../core/ids.ts";
import { type FileStore, readWhole } from "./file-store.ts";

const CREDENTIALS = "what its credentials may do";

/** Checks that a store writes, reads and erases a file. Reports each step that fails, and its reason. */
export async function diagnoseFileStore(store: FileStore): Promise<Finding[]> {
  const id = newId();
  const content = Buffer.from("causeway doctor");
  const kept = await faultOf(() => store.write(id, content, "text/plain"));
  if (kept !== null)
    return [
      errorFinding(
        "",
        `A file could not be stored there: ${kept}.`,
        `check the bucket, its endpoint and region, and ${CREDENTIALS}`,
      ),
    ];
  const read = await faultOf(async () => {
    const found = await readWhole(store, id);
    if (!found?.equals(content)) throw new Error("it differs from the stored file");
  });
  // Erase the file also if the read failed, so that nothing stays behind.
  const erased = await faultOf(() => store.erase(id));
  const faults = [
    ...(read === null
      ? []
      : [errorFinding("", `A file could not be read there: ${read}.`, `check ${CREDENTIALS}`)]),
    ...(erased === null
      ? []
      : [errorFinding("", `A file could not be erased there: ${erased}.`, `check ${CREDENTIALS}`)]),
  ];
  return faults.length > 0 ? faults : [okFinding("", "A file was stored there, read and erased.")];
}

/** Returns the error of a task as text; null if it succeeds. */
async function faultOf(task: () => Promise<unknown>): Promise<string | null> {
  try {
    await task();
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
