/**
 * Runs inside the server (`node --import`), and tells for how long its event loop stood still at most since the last question: on the
 * clock, and by the processor time of the main thread, which other programs of a loaded machine do not lengthen.
 */

const TICK_MS = 1;

let last = { wall: performance.now(), cpu: cpuMs() };
let longest = { wall: 0, cpu: 0 };

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

setInterval(() => {
  const now = { wall: performance.now(), cpu: cpuMs() };
  longest = { wall: Math.max(longest.wall, now.wall - last.wall), cpu: Math.max(longest.cpu, now.cpu - last.cpu) };
  last = now;
}, TICK_MS).unref();

process.on("message", () => {
  process.send?.(longest);
  longest = { wall: 0, cpu: 0 };
});
process.channel?.unref();
