// Makes the pictures of the README. With `--all DIR`: one picture of each screen, into that directory.
import { resolve } from "node:path";
import { makeAllPictures } from "./all.mjs";
import { startBrowser } from "./browser.mjs";
import { makeReadmePictures } from "./readme.mjs";

const [option, directory] = process.argv.slice(2);
if (option !== undefined && (option !== "--all" || directory === undefined)) {
  process.stderr.write("usage: npm run screenshots [-- --all DIR]\n");
  process.exit(2);
}

const browser = await startBrowser();
try {
  if (directory === undefined) await makeReadmePictures(browser);
  else await makeAllPictures(browser, resolve(directory));
} finally {
  await browser.close();
}
