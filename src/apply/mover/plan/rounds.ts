// Which moves may run at the same time. Pure.

/** A move from one node to another. */
export interface NodeMove {
  readonly source: string;
  readonly target: string;
}

/**
 * Splits moves into rounds in which no node is both source and target; otherwise keeps their order. MIGRATE blocks its node
 * until the target has answered, so two nodes that MIGRATE to each other (or three in a ring) would block each other until the
 * timeout. Also, the config epoch of a source that receives slots would change during its own moves.
 */
export function inRounds<T extends NodeMove>(moves: readonly T[]): T[][] {
  const rounds: { readonly moves: T[]; readonly sources: Set<string>; readonly targets: Set<string> }[] = [];
  for (const move of moves) {
    const fits = rounds.find(({ sources, targets }) => !sources.has(move.target) && !targets.has(move.source));
    const round = fits ?? { moves: [], sources: new Set<string>(), targets: new Set<string>() };
    if (fits === undefined) rounds.push(round);
    round.moves.push(move);
    round.sources.add(move.source);
    round.targets.add(move.target);
  }
  return rounds.map((round) => round.moves);
}
