// Vertices that a boundary can be dragged by, and those that it can be dropped on: at full precision, from the
// server, read when somebody first drags.
import type { KnotsSpec } from "./contract.ts";

export type Place = [number, number];
type Pixel = { x: number; y: number };

export interface Screen {
  project: (place: Place) => Pixel;
  unproject: (pixel: [number, number]) => { lng: number; lat: number };
}

export class Knots {
  private readonly xy: Float64Array;
  private readonly handles: number[];

  /** Longitudes and latitudes by turns, and which vertices are handles. */
  constructor(xy: ArrayLike<number>, handles: number[]) {
    this.xy = Float64Array.from(xy);
    this.handles = handles;
  }

  at(knot: number): Place {
    return [this.xy[2 * knot]!, this.xy[2 * knot + 1]!];
  }

  /** The handles, or all vertices, less than so many pixels from one: the nearest first. */
  near(pixel: Pixel, reach: number, screen: Screen, all = false): number[] {
    const { x, y } = pixel;
    const low = screen.unproject([x - reach, y + reach]);
    const high = screen.unproject([x + reach, y - reach]);
    const found: [number, number][] = [];
    const look = (knot: number) => {
      const lng = this.xy[2 * knot]!;
      const lat = this.xy[2 * knot + 1]!;
      if (lng < low.lng || lng > high.lng || lat < low.lat || lat > high.lat) return;
      const there = screen.project([lng, lat]);
      const away = Math.hypot(there.x - x, there.y - y);
      if (away <= reach) found.push([away, knot]);
    };
    if (all) for (let knot = 0; 2 * knot < this.xy.length; knot++) look(knot);
    else for (const knot of this.handles) look(knot);
    return found.sort((a, b) => a[0] - b[0]).map(([, knot]) => knot);
  }
}

const cache = new Map<string, Promise<number[]>>();

/** What an address answers with, once for the life of the page; a failure is forgotten. */
function numbers(url: string): Promise<number[]> {
  let answer = cache.get(url);
  if (!answer) {
    answer = fetch(url, { credentials: "same-origin" }).then((response) => {
      if (!response.ok) throw new Error(`${url}: ${response.status}`);
      return response.json() as Promise<number[]>;
    });
    cache.set(url, answer);
    answer.catch(() => cache.delete(url));
  }
  return answer;
}

export async function knotsOf({ vertices_url, handles_url }: KnotsSpec): Promise<Knots> {
  const [xy, handles] = await Promise.all([numbers(vertices_url), numbers(handles_url)]);
  return new Knots(xy, handles);
}
