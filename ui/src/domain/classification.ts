// What KFP's metrics say in their metadata: numbers, confusion matrices, ROC curves, and slices of these.

type Named = Readonly<Record<string, unknown>>;

export interface ConfusionMatrix {
  readonly labels: readonly string[];
  /** A row for each true label, a count for each that was answered. */
  readonly rows: readonly (readonly number[])[];
}

export interface RocPoint {
  readonly threshold: number;
  /** False positives among what is negative, and true ones among what is positive. */
  readonly falsePositives: number;
  readonly recall: number;
}

export interface Measured {
  readonly numbers: readonly (readonly [name: string, value: number])[];
  readonly matrix?: ConfusionMatrix;
  readonly curve?: readonly RocPoint[];
  /** Anything else that was said. */
  readonly other: readonly (readonly [name: string, value: unknown])[];
}

export interface Slice extends Measured {
  readonly slice: string;
}

const isNamed = (value: unknown): value is Named => typeof value === "object" && value !== null && !Array.isArray(value);

/** KFP's own server wraps what has structure. */
const bare = (value: unknown, wrapper: "struct" | "list"): unknown => (isNamed(value) && wrapper in value && Object.keys(value).length === 1 ? value[wrapper] : value);

export function measured(metadata: Named): Measured {
  const { confusionMatrix, confidenceMetrics, ...rest } = metadata;
  const matrix = matrixOf(bare(confusionMatrix, "struct"));
  const curve = curveOf(bare(confidenceMetrics, "list"));
  const entries = Object.entries(rest).filter(([name]) => name !== "evaluationSlices");
  return {
    numbers: entries.filter((entry): entry is [string, number] => typeof entry[1] === "number"),
    ...(matrix && { matrix }),
    ...(curve && { curve }),
    other: entries.filter(([, value]) => typeof value !== "number"),
  };
}

/** The parts of metrics that are told for parts of the data. */
export function slices(metadata: Named): readonly Slice[] {
  const found = bare(metadata["evaluationSlices"], "list");
  if (!Array.isArray(found)) return [];
  return found.filter(isNamed).map((part, index) => {
    const inner = part["sliceClassificationMetrics"];
    return { slice: typeof part["slice"] === "string" ? part["slice"] : String(index + 1), ...measured(isNamed(inner) ? inner : {}) };
  });
}

function matrixOf(value: unknown): ConfusionMatrix | undefined {
  if (!isNamed(value)) return undefined;
  const specs = value["annotationSpecs"];
  const rows = value["rows"];
  if (!Array.isArray(rows)) return undefined;
  const counts = rows.map((row: unknown) => (isNamed(row) && Array.isArray(row["row"]) ? row["row"].map(Number) : []));
  const labels = counts.map((_, index) => {
    const spec: unknown = Array.isArray(specs) ? specs[index] : undefined;
    return isNamed(spec) && typeof spec["displayName"] === "string" ? spec["displayName"] : String(index);
  });
  return labels.length > 0 ? { labels, rows: counts } : undefined;
}

function curveOf(value: unknown): readonly RocPoint[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const points = value
    .filter(isNamed)
    .map((point) => ({ threshold: Number(point["confidenceThreshold"] ?? 0), falsePositives: Number(point["falsePositiveRate"] ?? 0), recall: Number(point["recall"] ?? 0) }))
    .filter((point) => Number.isFinite(point.falsePositives) && Number.isFinite(point.recall))
    .toSorted((one, other) => one.falsePositives - other.falsePositives || one.recall - other.recall);
  return points.length > 0 ? points : undefined;
}

/** The area under a curve, from one corner to the other. */
export function areaUnder(curve: readonly RocPoint[]): number {
  const points = [{ falsePositives: 0, recall: 0 }, ...curve, { falsePositives: 1, recall: 1 }];
  return points.slice(1).reduce((area, point, index) => {
    const before = points[index] ?? point;
    return area + ((point.falsePositives - before.falsePositives) * (point.recall + before.recall)) / 2;
  }, 0);
}

/** How many there are, and which share stands on the diagonal. */
export function accuracy({ rows }: ConfusionMatrix): { readonly total: number; readonly right: number } {
  const total = rows.flat().reduce((sum, count) => sum + count, 0);
  return { total, right: rows.reduce((sum, row, index) => sum + (row[index] ?? 0), 0) };
}
