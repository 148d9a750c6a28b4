// Prints the code blocks of the documents whose fence is `<language> <word>`, such as "sh run". With a directory as the
// third argument, it writes each block into a file there. `PORT` replaces the default port.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const [language, word, directory] = process.argv.slice(2);
const root = new URL("../", import.meta.url);
const pages = ["README.md", ".github/CONTRIBUTING.md", ...listPages("docs"), ...listPages("src/channels")];

const blocks = pages
  .flatMap((page) => [
    ...readFileSync(new URL(page, root), "utf8").matchAll(/^```(\w+) (\w+)\n([\s\S]*?)^```$/gm),
  ])
  .filter((block) => block[1] === language && block[2] === word)
  .map((block) => block[3].replaceAll("127.0.0.1:3000", `127.0.0.1:${process.env.PORT ?? 3000}`));
if (blocks.length === 0) throw new Error(`no document has a block marked "${language} ${word}"`);
if (directory === undefined) process.stdout.write(blocks.join("\n"));
else
  for (const [index, text] of blocks.entries()) writeFileSync(`${directory}/document-${index + 1}.mjs`, text);

/** The Markdown pages below a directory, sorted by path. */
function listPages(folder) {
  return readdirSync(new URL(folder, root), { recursive: true })
    .filter((file) => file.endsWith(".md"))
    .map((file) => `${folder}/${file}`)
    .sort();
}
