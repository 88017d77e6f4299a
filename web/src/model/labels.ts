// Which labels of the map may stand: the first of the list wins, a later one
// that would touch it is left out until there is room.

export type Box = { x: number; y: number; width: number; height: number };

/** Labels of one group say the same at several places; one of them is enough. */
export type Label = Box & { group?: string };

/** True for each label that stands. Obstacles (the homes' dots) stand anyway. */
export function place(labels: Label[], obstacles: Box[] = [], margin = 2): boolean[] {
  const kept = [...obstacles];
  const said = new Set<string>();
  return labels.map((l) => {
    const free = !(l.group && said.has(l.group)) && kept.every((k) => !touch(l, k, margin));
    if (!free) return false;
    kept.push(l);
    if (l.group) said.add(l.group);
    return true;
  });
}

function touch(a: Box, b: Box, margin: number): boolean {
  return (
    a.x < b.x + b.width + margin &&
    b.x < a.x + a.width + margin &&
    a.y < b.y + b.height + margin &&
    b.y < a.y + a.height + margin
  );
}
