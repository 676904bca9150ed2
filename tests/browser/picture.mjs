// Takes the picture of the demo's first page that the README shows.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

import { open } from "./browser.mjs";
import { Program } from "./program.mjs";

const path = process.argv[2];
if (path === undefined) throw new Error("say where the picture goes: node picture.mjs docs/home.png");
const binary = resolve(process.env.PENNYSPAN ?? "target/release/pennyspan");
const scratch = mkdtempSync(join(tmpdir(), "pennyspan-picture-"));
const demo = await Program.start(binary, "demo", join(scratch, "demo"), ["demo"]);
const browser = await open();
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme: "light" });
  await page.goto(demo.web, { waitUntil: "load" });
  await page.screenshot({ path });
} finally {
  await browser.close();
  await demo.stop();
  rmSync(scratch, { recursive: true, force: true });
}
