// The program as a process of its own, on free ports and a directory of its own.

import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createInterface } from "node:readline";

const START_MS = 300_000;
const JUDGE_MS = 120_000;

/** A running pennyspan. */
export class Program {
  constructor(name, child, addresses) {
    this.name = name;
    this.child = child;
    this.otlp = addresses.http;
    this.web = addresses.web;
  }

  /** Starts a command that serves, and waits until it says where. */
  static async start(binary, name, directory, args) {
    mkdirSync(directory);
    const any = "127.0.0.1:0";
    const environment = {
      ...process.env,
      PENNYSPAN_DATA: directory,
      PENNYSPAN_SERVE_OTLP_GRPC: any,
      PENNYSPAN_SERVE_OTLP_HTTP: any,
      PENNYSPAN_SERVE_WEB: any,
    };
    const child = spawn(binary, [...args, "--quiet"], {
      cwd: directory,
      env: environment,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${name}: ended with ${code} before it listened`)));
      setTimeout(() => reject(new Error(`${name}: said no address in ${START_MS} ms`)), START_MS).unref();
    });
    try {
      return new Program(name, child, await Promise.race([addresses(child), ended]));
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  /** Waits until the first page shows a finding. */
  async untilJudged() {
    const until = Date.now() + JUDGE_MS;
    while (Date.now() < until) {
      const page = await fetch(`${this.web}/findings`).then((answer) => answer.text());
      if (page.includes('href="/findings/')) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    throw new Error(`${this.name}: showed no finding in ${JUDGE_MS} ms`);
  }

  async stop() {
    if (this.child.exitCode !== null) return;
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    const late = setTimeout(() => this.child.kill("SIGKILL"), 20_000);
    await ended;
    clearTimeout(late);
  }
}

async function addresses(child) {
  const found = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const [what, address] = line.split(/\s{2,}/);
    if (what === "OTLP over HTTP") found.http = address.trim();
    if (what === "pages") {
      found.web = address.trim();
      break;
    }
  }
  return found;
}
