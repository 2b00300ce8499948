/** The token of a revision's colour; what no revision was asked has the last. */
export const colourOf = (revision: string, index: number): string => (revision === "" && index > 0 ? "series-3" : (["series-1", "series-2"][index] ?? "series-3"));
