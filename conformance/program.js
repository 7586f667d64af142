// The program itself, for what is asked of it over the network.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

const root = new URL("..", import.meta.url);
let folder;

// build builds the program once for the tests of a file, and gives the folder that it is in, which is removed after them.
export function build() {
  if (!folder) {
    folder = mkdtempSync(join(tmpdir(), "roster-conformance-"));
    execFileSync("go", ["build", "-o", join(folder, "roster"), "."], { cwd: root, stdio: "inherit" });
    after(() => rmSync(folder, { recursive: true }));
  }
  return folder;
}

// start runs a command that serves the graph. It gives the address as soon as all sources have been read or tried, and a function
// that stops the program, which is called after the tests of the file at the latest.
export async function start(command, ...flags) {
  const program = spawn(join(build(), "roster"), [command, "--listen", "127.0.0.1:0", ...flags], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => program.once("exit", resolve));
  const stop = async () => {
    program.kill("SIGTERM");
    await ended;
  };
  after(stop);
  process.once("uncaughtExceptionMonitor", () => program.kill()); // nothing else runs if the tests of the file cannot begin
  for await (const line of createInterface({ input: program.stdout })) {
    const [, address] = /^Roster listens on (\S+)/.exec(line) ?? [];
    if (!address) continue;
    program.stdout.resume();
    while (program.exitCode === null && !(await fetch(`${address}/readyz`)).ok) await pause(50);
    return { address, stop };
  }
  throw new Error(`roster ${command} ended with ${await ended}`);
}

// demo starts the demo with 200 people, and gives its address.
export async function demo() {
  return (await start("demo", "--people", "200")).address;
}
