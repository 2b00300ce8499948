// A real workbench on a home of its own, and a real browser that shows its pages.

import { execFileSync, type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { type PreviewServer, preview } from "vite";
import { afterAll, beforeAll } from "vitest";

const BINARY = process.env["CORACLE_BIN"] ?? resolve("../target/debug/coracle");
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/google-chrome"].find((path) => existsSync(path));

interface Options {
  /** Which engine, where it is not the one that the environment names. */
  readonly engine?: string;
  /** Variables of the workbench's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class Workbench {
  readonly home = mkdtempSync(join(tmpdir(), "coracle-pages-"));
  /** Where its pages are. */
  pages = "";
  private url = "";
  private preview: PreviewServer | undefined;
  private server: ChildProcess | undefined;

  constructor(private readonly options: Options = {}) {}

  /** Where its API is. */
  get address(): string {
    return this.url;
  }

  private get environment() {
    const own = Object.entries(process.env).filter(([name]) => !name.startsWith("CORACLE_"));
    return { ...Object.fromEntries(own), ...this.options.environment, CORACLE_HOME: this.home, CORACLE_ENGINE: this.options.engine ?? process.env["CORACLE_ENGINE"] ?? "auto", NO_COLOR: "1" };
  }

  /** Starts it, at the address it had before where there is one, and waits until it listens. */
  async start(): Promise<this> {
    const listen = this.url ? new URL(this.url).host : "127.0.0.1:0";
    const server = spawn(BINARY, ["serve", "--listen", listen], { env: this.environment, stdio: ["ignore", "pipe", "ignore"] });
    this.server = server;
    this.url = await new Promise<string>((ready, failed) => {
      server.once("exit", (code) => failed(new Error(`the workbench ended with ${code}`)));
      server.stdout.on("data", (text: Buffer) => {
        const found = /listening on (http:\S+)/.exec(text.toString());
        if (found?.[1]) ready(found[1]);
      });
    });
    await this.findPages();
    return this;
  }

  /** The program's own pages; with CORACLE_PREVIEW those that `vite build` made last, so that the program need not be built. */
  private async findPages(): Promise<void> {
    if (!process.env["CORACLE_PREVIEW"]) {
      this.pages = this.url;
    } else if (!this.preview) {
      const { url } = this;
      const target = { target: url, changeOrigin: true, ws: true, headers: { origin: url } };
      const proxy = Object.fromEntries(["/api", "/apis", "/notebook", "/serving", "/version", "/openapi"].map((path) => [path, target]));
      this.preview = await preview({ preview: { port: 0, host: "127.0.0.1", proxy }, logLevel: "error" });
      this.pages = this.preview.resolvedUrls?.local[0]?.replace(/\/$/, "") ?? this.url;
    }
  }

  /** The compiled pipeline of an example. */
  definition(example: string): string {
    return readFileSync(`../examples/${example}/pipeline.yaml`, "utf8");
  }

  /** What the command prints. */
  command(...words: string[]): string {
    return execFileSync(BINARY, words, { env: this.environment, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** The same, where it may fail. */
  attempt(...words: string[]): string {
    try {
      return this.command(...words);
    } catch (error) {
      return String((error as { stdout?: string }).stdout ?? "");
    }
  }

  async stop(): Promise<void> {
    const server = this.server;
    if (!server || server.exitCode !== null) return;
    const ended = new Promise((done) => server.once("exit", done));
    server.kill("SIGTERM");
    await ended;
  }

  /** Removes what Docker holds of it: pods go on by design, and an engine has room for about thirty networks. */
  private sweep(): void {
    const identity = join(this.home, "data", "identity.json");
    if (!existsSync(identity)) return;
    const { owner } = JSON.parse(readFileSync(identity, "utf8")) as { owner: string };
    const docker = (...words: string[]) => spawnSync("docker", words, { encoding: "utf8", timeout: 120_000 }).stdout?.split("\n").filter(Boolean) ?? [];
    const label = ["--filter", `label=coracle.owner=${owner}`];
    for (const [remove, held] of [
      [["rm", "-f"], docker("ps", "-aq", ...label)],
      [["network", "rm"], docker("network", "ls", "-q", ...label)],
    ] as const) {
      if (held.length > 0) docker(...remove, ...held);
    }
  }

  async close(): Promise<void> {
    await this.stop();
    await this.preview?.close();
    this.sweep();
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** A browser without a window; nothing that it does leaves the machine. */
export async function openBrowser(...more: readonly string[]): Promise<Browser> {
  if (!CHROMIUM) throw new Error("chromium is not installed");
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--no-proxy-server", ...more],
  });
}

export interface Look {
  readonly theme?: "light" | "dark";
  readonly width?: number;
  readonly height?: number;
}

const AXE = readFileSync(new URL("../node_modules/axe-core/axe.min.js", import.meta.url), "utf8");

/** What keeps people from using the page as it is: each rule that is broken, with where. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe: judge } = window as unknown as { axe: { run: () => Promise<{ violations: { id: string; impact: string; nodes: { target: string[] }[] }[] }> } };
    return (await judge.run()).violations.map(({ id, impact, nodes }) => ({ id, impact, at: nodes.map(({ target }) => target.join(" ")) }));
  });
  return found.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, at }) => `${id}: ${at.join(", ")}`);
}

/** A page, which fails the test when anything on it does. */
export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({
    colorScheme: look.theme ?? "light",
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  // A browser drops its connections when a container's network comes or goes; pages ask again by themselves.
  const isFault = (text: string) => !text.includes("ERR_NETWORK_CHANGED");
  page.on("console", (message) => message.type() === "error" && isFault(message.text()) && faults.push(message.text()));
  await page.goto(url);
  return { page, faults };
}

export interface Stand {
  readonly workbench: Workbench;
  /** Shows the page at an address of the workbench: `/runs`. */
  readonly visit: (address: string, look?: Look) => ReturnType<typeof openPage>;
}

/** A workbench and a browser for all tests of a file, there before its own hooks. */
export function stand(options: Options = {}): Stand {
  const workbench = new Workbench(options);
  let browser: Browser;
  beforeAll(async () => {
    await workbench.start();
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await workbench.close();
  });
  return { workbench, visit: (address, look) => openPage(browser, `${workbench.pages}/#${address}`, look) };
}
