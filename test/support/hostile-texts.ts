const HANDLERS = ["onerror", "onload", "onclick", "onfocus", "onmouseover", "ontoggle", "onanimationstart"];
const TAGS = [
  "img src=x",
  "svg",
  "body",
  "details open",
  "input autofocus",
  "video src=x",
  "iframe src=x",
  "math",
];
const ADDRESSES = [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  "javascript&colon;alert(1)",
  "java\tscript:alert(1)",
  " javascript:alert(1)",
  "data:text/html,<script>alert(1)</script>",
  "vbscript:msgbox(1)",
  "file:///etc/passwd",
  "//tracker.example/x",
  "blob:https://example.org/1",
];

/** Texts that attempt to run code: markup with handlers, URLs that execute, tracking pictures. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...TAGS.flatMap((tag) => HANDLERS.map((handler) => `<${tag} ${handler}=alert(1)>`)),
  ...ADDRESSES.flatMap((address) => [
    `[link](${address})`,
    `![picture](${address})`,
    `<a href="${address}">x</a>`,
    `[ref][1]\n\n[1]: ${address}`,
  ]),
  "<script>alert(1)</script>",
  "<style>@import url(https://tracker.example/c.css)</style>",
  "![pixel](https://tracker.example/p.png)",
  '<img src="https://tracker.example/p.png">',
  '<link rel="prefetch" href="https://tracker.example/">',
  '<form id="chats" name="message"><input name="composer"></form>',
  '<b id="location" name="document">x</b>',
  "`<img src=x onerror=alert(1)>`",
  "```html\n<img src=x onerror=alert(1)>\n```",
  "| <img src=x onerror=alert(1)> | b |\n| --- | --- |\n| <svg onload=alert(1)> | 2 |",
  "&lt;img src=x onerror=alert(1)&gt;",
  "&#60;img src=x onerror=alert(1)&#62;",
  "{{constructor.constructor('alert(1)')()}}",
  "\u202e<gnp.x=crs gmi>",
];
