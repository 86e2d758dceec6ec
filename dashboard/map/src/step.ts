// Maps that look at the same place: where one goes, those of its group go too.
export interface Follower {
  getCenter(): { lng: number; lat: number };
  getZoom(): number;
  jumpTo(camera: { center: [number, number]; zoom: number }): unknown;
  on(type: "move", listener: () => void): unknown;
  off(type: "move", listener: () => void): unknown;
}

const groups = new Map<string, Set<Follower>>();
let leading = false;

function look(one: Follower, others: Iterable<Follower>): void {
  const { lng, lat } = one.getCenter();
  for (const other of others) if (other !== one) other.jumpTo({ center: [lng, lat], zoom: one.getZoom() });
}

/** Let a map join a group, whose view it takes; return how it leaves. */
export function inStep(map: Follower, group: string): () => void {
  const members = groups.get(group) ?? new Set<Follower>();
  groups.set(group, members);
  const [first] = members;
  members.add(map);
  if (first) look(first, [map]);
  const moved = () => {
    if (leading) return;
    leading = true;
    try {
      look(map, members);
    } finally {
      leading = false;
    }
  };
  map.on("move", moved);
  return () => {
    map.off("move", moved);
    members.delete(map);
    if (!members.size) groups.delete(group);
  };
}
