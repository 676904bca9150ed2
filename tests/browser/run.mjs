// Opens every page of the real program in Chromium and demands that nothing is wrong with it: no console error, no violation of
// the content security policy, no failed request, nothing that axe-core objects to, nothing wider than a phone, and names of
// senders shown as text. The same of a report as one page of HTML.
//
// PENNYSPAN is the program (target/debug/pennyspan), CHROMIUM the browser (/usr/bin/chromium), BROWSER_MODULES a directory
// into which `npm ci` was run (this one).

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { open } from "./browser.mjs";
import { followLinks, journeys, look } from "./journeys.mjs";
import { Program } from "./program.mjs";
import { send } from "./telemetry.mjs";

const program = process.env.PENNYSPAN ?? new URL("../../target/debug/pennyspan", import.meta.url).pathname;
const scratch = mkdtempSync(join(tmpdir(), "pennyspan-browser-"));
const running = [];

async function start(name, ...args) {
  const started = await Program.start(program, name, join(scratch, name), args);
  running.push(started);
  return started;
}

const complaints = [];
let browser;
try {
  browser = await open();
  const [company, hostile, empty] = await Promise.all([
    start("company", "demo"),
    start("hostile", "serve"),
    start("empty", "serve"),
  ]);
  await send(hostile);
  await hostile.untilJudged();
  const looks = [
    ...(await journeys(browser, "company", company)),
    ...(await journeys(browser, "hostile", hostile)),
    ...(await journeys(browser, "empty", empty)),
  ];
  for (const one of looks) {
    const begun = Date.now();
    complaints.push(...(await look(browser, one)));
    console.log(`${((Date.now() - begun) / 1000).toFixed(1)} s  ${one.name} ${one.path.slice(0, 100)}`);
  }
  for (const scripts of [true, false]) complaints.push(...(await followLinks(browser, company, scripts)));
  await hostile.stop();
  const report = join(scratch, "report.html");
  const data = join(scratch, "hostile");
  execFileSync(program, ["report", "--data", data, "--fail-on", "never", "-o", `html=${report}`, "--quiet"], { cwd: scratch });
  complaints.push(...(await look(browser, { name: "report", path: "report.html", url: pathToFileURL(report).href })));
  console.log(`${looks.length} pages and a report, each with and without scripts, light and dark, wide and narrow`);
} finally {
  await browser?.close();
  await Promise.all(running.map((one) => one.stop()));
  rmSync(scratch, { recursive: true, force: true });
}
for (const complaint of complaints) console.error(complaint);
console.log(complaints.length === 0 ? "nothing is wrong with them" : `${complaints.length} complaints`);
process.exitCode = complaints.length === 0 ? 0 : 1;
