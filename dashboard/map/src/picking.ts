// Which feature a click or the pointer means, when several lie on top of each other.

/** From the top: what is smaller and drawn later is meant first. */
export const PICK_ORDER = [
  "point",
  "cell",
  "building",
  "micro_grid",
  "grid",
  "compound",
  "community",
  "subdistrict",
  "county",
] as const;

export interface Candidate {
  layer: string;
  source: string;
  id: number;
}

export function rank(layer: string): number {
  const place = (PICK_ORDER as readonly string[]).indexOf(layer);
  return place < 0 ? PICK_ORDER.length : place;
}

/** The topmost of the candidates, the first of equals; undefined where nothing can be picked. */
export function topmost<T extends Candidate>(candidates: T[]): T | undefined {
  let best: T | undefined;
  for (const candidate of candidates) {
    if (rank(candidate.layer) === PICK_ORDER.length) continue;
    if (!best || rank(candidate.layer) < rank(best.layer)) best = candidate;
  }
  return best;
}
