// Where to look, and what to demand there.

import { AXE } from "./browser.mjs";
import { NAMES } from "./telemetry.mjs";

const TABS = ["", "cold", "cost"];
const WIDTHS = [1440, 360];
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const THEMES = ["light", "dark"];

/** Returns the pages of a running program, found by its own links. */
export async function journeys(browser, name, program) {
  const context = await browser.newContext();
  const page = await context.newPage();
  const links = async (path, selector) => {
    await page.goto(program.web + path);
    const found = await page.$$eval(selector, (all) => all.map((link) => link.getAttribute("href")));
    return [...new Set(found)];
  };
  const fixed = ["/", "/?from=now-7d&to=now-6d", "/functions", "/findings", "/setup", "/setup?platform=records",
    "/setup?platform=google", "/setup?platform=azure", "/setup?platform=cloudflare", "/setup?platform=delivery", "/ingest"];
  const functions = await links("/functions", 'main a[href^="/functions/"]');
  const findings = await links("/findings", 'main a[href^="/findings/"]');
  const rules = await links("/findings", 'main a[href^="/rules/"]');
  const traces = findings.length > 0 ? await links(findings[0], 'main a[href^="/traces/"]') : [];
  await context.close();
  const shown = name === "company" ? functions.slice(0, 1) : functions;
  const tabs = shown.slice(0, 1).flatMap((path) => TABS.slice(1).map((tab) => `${path}${path.includes("?") ? "&" : "?"}tab=${tab}`));
  const told = name === "company" ? findings.slice(0, 3) : findings.slice(0, 1);
  if (name !== "empty" && (functions.length === 0 || findings.length === 0 || traces.length === 0)) {
    throw new Error(`${name}: ${functions.length} functions, ${findings.length} findings, ${traces.length} traces to look at`);
  }
  const paths = [...fixed, ...shown, ...tabs, ...told, ...rules.slice(0, 1), ...traces.slice(0, 1)];
  return paths.map((path) => ({ name, path, url: program.web + path }));
}

/** Looks at one page, with and without scripts, in both themes and widths, and returns what is wrong. */
export async function look(browser, { name, path, url }) {
  const complaints = [];
  for (const scripts of [true, false]) {
    const context = await browser.newContext({ javaScriptEnabled: scripts });
    const page = await context.newPage();
    const complain = (what) => complaints.push(`${name} ${path.slice(0, 120)} ${scripts ? "with" : "without"} scripts: ${what}`);
    listen(page, complain);
    const answer = await page.goto(url, { waitUntil: "load" });
    if (answer?.status() !== 200) complain(`status ${answer?.status()}`);
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      for (const colorScheme of THEMES) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        const at = (what) => complain(`${width} px ${colorScheme}: ${what}`);
        await inspect(page, at, width);
        if (scripts) await accessible(page, at);
      }
    }
    if (name === "hostile" && path === "/functions") await showsNames(page, complain);
    await context.close();
  }
  return complaints;
}

/** Reports what the browser itself objects to. */
function listen(page, complain) {
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complain(`console: ${message.text()}`);
  });
  page.on("pageerror", (error) => complain(`script: ${error.message}`));
  page.on("requestfailed", (request) => complain(`request failed: ${request.url()}: ${request.failure()?.errorText}`));
  page.on("response", (answer) => {
    if (answer.status() >= 400) complain(`${answer.url()} answered ${answer.status()}`);
  });
  page.on("dialog", (dialog) => {
    complain(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
}

async function inspect(page, complain, width) {
  const seen = await page.evaluate(() => {
    const widest = [...document.querySelectorAll("body *")]
      .filter((element) => !element.closest(".scroll, pre, svg") && element.getBoundingClientRect().right > innerWidth + 1)
      .map((element) => `${element.tagName.toLowerCase()}.${element.getAttribute("class") ?? ""}`);
    return {
      harmed: "harmed" in window,
      scripts: [...document.scripts].map((script) => script.getAttribute("src") ?? "inline").filter((from) => !from.startsWith("/assets/")),
      title: document.querySelector("h1")?.textContent.trim() ?? "",
      wide: document.documentElement.scrollWidth,
      widest: widest.slice(0, 3),
    };
  });
  if (seen.harmed) complain("a name of a sender ran as a script");
  if (seen.scripts.length > 0) complain(`scripts that are not ours: ${seen.scripts}`);
  if (seen.title === "") complain("no sentence stands at the top");
  if (seen.wide > width) complain(`${seen.wide} px wide, through ${seen.widest}`);
}

/** Demands what axe-core does. It needs timers, which do not run where scripts are off; the markup is the same there. */
async function accessible(page, complain) {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    (runOnly) => window.axe.run(document, { preload: false, resultTypes: ["violations"], runOnly }),
    RULES,
  );
  for (const violation of violations) {
    const at = violation.nodes.slice(0, 2).map((node) => `${node.target} ${node.failureSummary?.split("\n").at(-1).trim()}`);
    complain(`axe ${violation.id}: ${at.join("; ")}`);
  }
}

/** Marks that change the direction of text; pages show each as the replacement character. */
const TURNS = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Demands that every name that a sender chose is read as it was sent. */
async function showsNames(page, complain) {
  const shown = await page.$$eval('main th a[href^="/functions/"]', (links) => links.map((link) => link.textContent));
  for (const name of NAMES) if (!shown.includes(name.replace(TURNS, "\ufffd"))) complain(`the name ${JSON.stringify(name)} is not shown as it is`);
  if (!shown.some((name) => name.startsWith("long-nnnn"))) complain("the long name is not shown");
}

/** Goes from the first page to a finding and its runbook by links alone. */
export async function followLinks(browser, program, scripts) {
  const context = await browser.newContext({ javaScriptEnabled: scripts });
  const page = await context.newPage();
  const complaints = [];
  const complain = (what) => complaints.push(`from the first page ${scripts ? "with" : "without"} scripts: ${what}`);
  listen(page, complain);
  await page.goto(program.web + "/");
  await page.click('main a[href^="/findings/"]');
  const steps = await page.$$eval(".runbook h3", (all) => all.map((step) => step.textContent.trim()));
  if (steps[0] !== "Confirm" || !steps.includes("Contain")) complain(`the runbook reads ${JSON.stringify(steps)}`);
  await page.click('.crumbs a[href^="/rules/"]');
  if (!new URL(page.url()).pathname.startsWith("/rules/")) complain(`the rule's link led to ${page.url()}`);
  await context.close();
  return complaints;
}
