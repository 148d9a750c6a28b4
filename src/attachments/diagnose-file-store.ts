import { broken, type Finding, well } from "../core/finding.ts";
import { newId } from "../core/ids.ts";
import { type FileStore, readWhole } from "./file-store.ts";

/** Whether a store keeps a file, gives it back and erases it. */
export async function diagnoseFileStore(store: FileStore): Promise<Finding[]> {
  const id = newId();
  const content = Buffer.from("causeway doctor");
  try {
    await store.write(id, content, "text/plain");
    const read = await readWhole(store, id).catch(() => null);
    const isErased = await store.erase(id).then(
      () => true,
      () => false,
    );
    if (!isErased)
      return [
        broken("", "A file that was kept there could not be erased.", "let its credentials delete objects"),
      ];
    if (read?.equals(content)) return [well("", "A file was kept there, read and erased.")];
    return [broken("", "A file that was kept there could not be read.", "let its credentials read objects")];
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    const fix = "check the bucket, its endpoint and region, and what its credentials may do";
    return [broken("", `A file could not be kept there: ${what}.`, fix)];
  }
}
