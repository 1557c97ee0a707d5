// Runs a command as the leader of a process group, and ends the whole group when its standard input ends: whoever started
// it may be killed in any way, and nothing is left behind.
//   node guard.ts DIRECTORY COMMAND ARGS...     DIRECTORY is temporary and deleted at the end.

import { spawn, spawnSync } from "node:child_process";
import { rmSync } from "node:fs";

const ROUND_MS = 50;
/** So many rounds the command may take to end; then its processes are killed, and at last nobody waits any longer. */
const ROUNDS = { patient: 60, killing: 80 };

const [directory = "", command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
let ending = false;

/** The members of this group but this process, also what is dead and not yet cleared away; undefined where there is no `ps`. */
function members(): readonly number[] | undefined {
  const ps = spawnSync("ps", ["-A", "-o", "pid=", "-o", "pgid="], { encoding: "utf8" });
  if (ps.status !== 0) return undefined;
  return ps.stdout.split("\n").flatMap((line) => {
    const [pid = "", group] = line.trim().split(/\s+/);
    const isMember = group === String(process.pid) && pid !== group && pid !== String(ps.pid);
    return isMember ? [Number(pid)] : [];
  });
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself meanwhile.
  }
}

function endRound(round: number): void {
  const left = members();
  const hasEnded = left === undefined ? child.exitCode !== null || child.signalCode !== null : left.length === 0;
  if (hasEnded || round > ROUNDS.killing) {
    rmSync(directory, { recursive: true, force: true });
    signalTo(-process.pid, "SIGKILL");
  }
  // wrangler cleans up after itself on this signal; a second one would make it leave at once.
  if (round === 0) child.kill("SIGINT");
  if (round > ROUNDS.patient) for (const pid of left ?? []) signalTo(pid, "SIGKILL");
  setTimeout(() => endRound(round + 1), ROUND_MS);
}

function end(): void {
  if (ending) return;
  ending = true;
  endRound(0);
}

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, end);
child.once("exit", end).once("error", end);
process.stdin.once("end", end).once("error", end).resume();
