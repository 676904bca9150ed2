// Chromium, without a network of its own.

import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const modules = process.env.BROWSER_MODULES ?? new URL(".", import.meta.url).pathname;
const require = createRequire(join(modules, "package.json"));
const { chromium } = require("playwright-core");

/** The source of axe-core. */
export const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Opens a browser with a fresh profile. */
export async function open() {
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`there is no Chromium at ${executablePath}; install it, or set CHROMIUM`);
  return chromium.launch({ executablePath, args: FLAGS, headless: true });
}
