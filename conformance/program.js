// The program itself, serving its demo, for what is asked of it over the network.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after } from "node:test";

const root = new URL("..", import.meta.url);

// demo starts the program, gives its address once it is ready, and ends it after the tests of the file.
export async function demo() {
  const folder = mkdtempSync(join(tmpdir(), "roster-conformance-"));
  const binary = join(folder, "roster");
  execFileSync("go", ["build", "-o", binary, "."], { cwd: root, stdio: "inherit" });
  const program = spawn(binary, ["demo", "--listen", "127.0.0.1:0", "--people", "200"], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => program.once("exit", resolve));
  after(async () => {
    program.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true });
  });
  const lines = createInterface({ input: program.stdout });
  for await (const line of lines) {
    const ready = /^Roster is ready: (\S+)/.exec(line);
    if (ready) {
      program.stdout.resume();
      return ready[1];
    }
  }
  throw new Error(`the demo ended with ${await ended}`);
}
