// A person's journey and the page of insights in a real browser, without script, wide and narrow, in both languages. axe-core
// looks at each page: it is put in through the debugger, so the page's own policy stays as it is.
//
//   node journey.mjs MODULES CHROMIUM GATEWAY AUTHORIZE_URL PICTURES
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const [modules, executablePath, gateway, authorize, pictures] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let pages = 0;
let found = 0;

for (const [size, viewport] of [["desktop", { width: 1280, height: 900 }], ["phone", { width: 360, height: 740 }]]) {
  for (const locale of ["sv-SE", "en-GB"]) {
    for (const colorScheme of ["light", "dark"]) {
      // The journey itself runs without script; a second context with the same cookies lets axe run.
      const still = await browser.newContext({ viewport, locale, colorScheme, javaScriptEnabled: false });
      const looking = await browser.newContext({ viewport, locale, colorScheme });
      const page = await still.newPage();

      const look = async (name) => {
        await looking.addCookies(await still.cookies());
        const other = await looking.newPage();
        await other.goto(page.url());
        const wide = await other.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
        if (wide) { found += 1; console.log(`${name}: wider than the screen`); }
        const session = await looking.newCDPSession(other);
        await session.send("Runtime.evaluate", { expression: axe });
        const run = `axe.run(document, { runOnly: ${JSON.stringify(RULES)} })`
          + ".then((r) => JSON.stringify(r.violations.map((v) => [v.id, v.nodes.map((n) => n.target.join(' '))])))";
        const { result } = await session.send("Runtime.evaluate", { expression: run, awaitPromise: true, returnByValue: true });
        for (const [id, where] of JSON.parse(result.value)) { found += 1; console.log(`${name}: ${id}: ${where.join(", ")}`); }
        await other.screenshot({ path: join(pictures, `${name}-${size}-${locale}-${colorScheme}.png`), fullPage: true });
        await other.close();
        pages += 1;
      };

      await page.goto(authorize);
      await look("login");
      await page.locator("form[action='/me/login'] button").click();
      await look("e-identification");
      await page.locator("input[name=person][value=alva]").check();
      await page.locator("button[type=submit]").first().click();
      await page.waitForURL(`${gateway}/me/consent`);
      await look("consent");
      // Where the application would be, a page says so: nobody listens there.
      await still.route("http://127.0.0.1:8888/**", (route) => route.fulfill({ body: "back" }));
      await page.locator("button[value=yes]").click();
      await page.waitForURL(/^http:\/\/127\.0\.0\.1:8888\/callback\?code=/);
      const answer = new URL(page.url());
      if (answer.searchParams.get("state") !== "s1" || !answer.searchParams.get("iss")) throw new Error("state or iss is lost");
      await page.goto(`${gateway}/me/consents`);
      await look("consents");
      await page.locator("button.warn").first().click();
      await page.waitForURL(/done=withdrawn/);
      await look("withdrawn");
      await page.goto(`${gateway}/me/callback?code=x&state=y`);
      await look("refused");
      // Open to everybody, and no page of the person's: what agencies publish of what people say.
      await page.goto(`${gateway}/insights/v1/overview?language=${locale.slice(0, 2)}`);
      await look("insights");
      await still.close();
      await looking.close();
    }
  }
}
await browser.close();
console.log(`${pages} pages, ${found} findings`);
process.exit(found === 0 ? 0 : 1);
