// Names are fetched when somebody first points at a source, once for the life of the page.

type Names = Map<number, string>;
const cache = new Map<string, Promise<Names>>();

async function load(url: string): Promise<Names> {
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const { ids, names } = (await response.json()) as { ids: number[]; names: string[] };
  return new Map(ids.map((id, i) => [id, names[i] ?? ""]));
}

/** The names of a source by id. A failure is forgotten, so that the next hover asks again. */
export function namesOf(url: string): Promise<Names> {
  let names = cache.get(url);
  if (!names) {
    names = load(url);
    cache.set(url, names);
    names.catch(() => cache.delete(url));
  }
  return names;
}
