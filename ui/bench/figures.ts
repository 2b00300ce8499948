// The figures, each beside its bound.

interface Row {
  readonly name: string;
  readonly figure: string;
  readonly bound: string;
  readonly isMet: boolean;
}

export class Figures {
  private readonly rows: Row[] = [];

  /** A figure that may be this at most. */
  atMost(name: string, value: number, bound: number, unit: string): void {
    this.add(name, value, `<= ${bound} ${unit}`, unit, value <= bound);
  }

  /** A figure that has to be this at least. */
  atLeast(name: string, value: number, bound: number, unit: string): void {
    this.add(name, value, `>= ${bound} ${unit}`, unit, value >= bound);
  }

  get missed(): readonly string[] {
    return this.rows.filter(({ isMet }) => !isMet).map(({ name, figure, bound }) => `${name}: ${figure}, ${bound}`);
  }

  table(): string {
    const width = (column: (row: Row) => string) => Math.max(0, ...this.rows.map((row) => column(row).length));
    const [names, figures, bounds] = [width((row) => row.name), width((row) => row.figure), width((row) => row.bound)];
    return this.rows
      .map(({ name, figure, bound, isMet }) => `${name.padEnd(names)}  ${figure.padStart(figures)}  ${bound.padEnd(bounds)}  ${isMet ? "met" : "MISSED"}`)
      .join("\n");
  }

  private add(name: string, value: number, bound: string, unit: string, isMet: boolean): void {
    this.rows.push({ name, figure: `${value.toLocaleString("en", { maximumFractionDigits: 1 })} ${unit}`, bound, isMet });
  }
}

/** The value below which so many percent of all are. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}
