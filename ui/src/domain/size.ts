// Amounts of bytes and of CPU.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** `212 MiB`, `1.5 GiB`. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** Thousandths of a CPU as CPUs. */
export const cpus = (thousandths: number): string => String(Math.round(thousandths / 10) / 100);
