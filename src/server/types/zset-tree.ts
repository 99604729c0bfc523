// The order of a big sorted set: a B+tree by (score, member bytes) that counts its entries, so that rank, range and bounds are
// O(log n). Leaves are plain arrays, which V8 moves with memmove; the lookup from member to score is in zset.ts.

const LEAF_MAX = 96;
const INNER_MAX = 48;

/** Members with their scores, in order. */
export interface ZRange {
  readonly members: string[];
  readonly scores: number[];
}

class Leaf implements ZRange {
  prev: Leaf | null = null;
  next: Leaf | null = null;
  constructor(
    public members: string[],
    public scores: number[],
  ) {}
  get width(): number {
    return this.members.length;
  }
}

/** children[i] holds keys ≥ its separator (i ≥ 1) and below the next one. Separators may be outdated but never wrong. */
class Inner {
  constructor(
    public children: TreeNode[],
    public counts: number[],
    public sepScores: number[],
    public sepMembers: string[],
  ) {}
  get width(): number {
    return this.children.length;
  }
}

type TreeNode = Leaf | Inner;

/** Number of entries below a node. */
function sizeOf(node: TreeNode): number {
  if (node instanceof Leaf) return node.members.length;
  let sum = 0;
  for (const count of node.counts) sum += count;
  return sum;
}

/** The child whose range contains the key. */
function childFor(node: Inner, score: number, member: string): number {
  let low = 0;
  let high = node.children.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const s = node.sepScores[middle] as number;
    if (s < score || (s === score && (node.sepMembers[middle] as string) <= member)) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** The first slot of a sorted run whose key is not below (score, member). */
export function lowerSlot(members: readonly string[], scores: readonly number[], score: number, member: string): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const s = scores[middle] as number;
    if (s < score || (s === score && (members[middle] as string) < member)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Number of keys of a sorted run with a score below `score` (or equal, when `inclusive`). */
export function slotsBelowScore(scores: readonly number[], score: number, inclusive: boolean, from = 0): number {
  let low = from;
  let high = scores.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const s = scores[middle] as number;
    if (s < score || (inclusive && s === score)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Number of keys of a run with one score whose member is below `member` (or equal, when `inclusive`). */
export function slotsBelowMember(members: readonly string[], member: string, inclusive: boolean, from = 0): number {
  let low = from;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const m = members[middle] as string;
    if (m < member || (inclusive && m === member)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class ZSetTree {
  private root: TreeNode = new Leaf([], []);
  private first: Leaf = this.root as Leaf;
  private last: Leaf = this.root as Leaf;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** Inserts a key that does not exist in the tree. */
  insert(score: number, member: string): void {
    const right = this.insertUnder(this.root, score, member);
    if (right !== null) this.growRoot(right);
    this.count++;
  }

  /** Removes a key; false when it does not exist. */
  delete(score: number, member: string): boolean {
    if (!this.deleteUnder(this.root, score, member)) return false;
    this.count--;
    while (this.root instanceof Inner && this.root.width === 1) this.root = this.root.children[0] as TreeNode;
    return true;
  }

  /** Number of keys below (score, member): the rank of an existing key. */
  rank(score: number, member: string): number {
    let node = this.root;
    let below = 0;
    while (node instanceof Inner) {
      const at = childFor(node, score, member);
      for (let i = 0; i < at; i++) below += node.counts[i] as number;
      node = node.children[at] as TreeNode;
    }
    return below + lowerSlot(node.members, node.scores, score, member);
  }

  /** Number of scores below `score` (or equal, when `inclusive`). */
  countBelowScore(score: number, inclusive: boolean): number {
    let node = this.root;
    let below = 0;
    while (node instanceof Inner) {
      const at = slotsBelowScore(node.sepScores, score, inclusive, 1) - 1;
      for (let i = 0; i < at; i++) below += node.counts[i] as number;
      node = node.children[at] as TreeNode;
    }
    return below + slotsBelowScore(node.scores, score, inclusive);
  }

  /** Number of members below `member` (or equal, when `inclusive`); requires equal scores. */
  countBelowMember(member: string, inclusive: boolean): number {
    let node = this.root;
    let below = 0;
    while (node instanceof Inner) {
      const at = slotsBelowMember(node.sepMembers, member, inclusive, 1) - 1;
      for (let i = 0; i < at; i++) below += node.counts[i] as number;
      node = node.children[at] as TreeNode;
    }
    return below + slotsBelowMember(node.members, member, inclusive);
  }

  /** The lowest member; the tree must not be empty. */
  get minMember(): string {
    return this.first.members[0] as string;
  }

  /** The highest member; the tree must not be empty. */
  get maxMember(): string {
    return this.last.members[this.last.members.length - 1] as string;
  }

  /** Appends to `out` the `amount` keys from rank `start` on upwards; both must lie inside the tree. */
  collect(start: number, amount: number, out: ZRange): void {
    let { leaf, slot } = this.locate(start);
    for (let left = amount; left > 0; slot++, left--) {
      if (slot === leaf.members.length) {
        leaf = leaf.next as Leaf;
        slot = 0;
      }
      out.members.push(leaf.members[slot] as string);
      out.scores.push(leaf.scores[slot] as number);
    }
  }

  /** Appends to `out` the `amount` keys from rank `start` on downwards; both must lie inside the tree. */
  collectDown(start: number, amount: number, out: ZRange): void {
    let { leaf, slot } = this.locate(start);
    for (let left = amount; left > 0; slot--, left--) {
      if (slot < 0) {
        leaf = leaf.prev as Leaf;
        slot = leaf.members.length - 1;
      }
      out.members.push(leaf.members[slot] as string);
      out.scores.push(leaf.scores[slot] as number);
    }
  }

  private locate(rank: number): { leaf: Leaf; slot: number } {
    let node = this.root;
    let slot = rank;
    while (node instanceof Inner) {
      let at = 0;
      for (let size = node.counts[0] as number; slot >= size; size = node.counts[at] as number) {
        slot -= size;
        at++;
      }
      node = node.children[at] as TreeNode;
    }
    return { leaf: node, slot };
  }

  private growRoot(right: TreeNode): void {
    const left = this.root;
    const key = lowestKey(right);
    this.root = new Inner([left, right], [sizeOf(left), sizeOf(right)], [0, key.score], ['', key.member]);
  }

  /** Inserts below `node`; returns the new right half when it was split. */
  private insertUnder(node: TreeNode, score: number, member: string): TreeNode | null {
    if (node instanceof Leaf) return this.insertInLeaf(node, score, member);
    const at = childFor(node, score, member);
    const child = node.children[at] as TreeNode;
    const right = this.insertUnder(child, score, member);
    if (right === null) {
      node.counts[at] = (node.counts[at] as number) + 1;
      return null;
    }
    const key = lowestKey(right);
    node.counts[at] = sizeOf(child);
    node.children.splice(at + 1, 0, right);
    node.counts.splice(at + 1, 0, sizeOf(right));
    node.sepScores.splice(at + 1, 0, key.score);
    node.sepMembers.splice(at + 1, 0, key.member);
    return node.width > INNER_MAX ? splitInner(node, at + 2 === node.width) : null;
  }

  private insertInLeaf(leaf: Leaf, score: number, member: string): Leaf | null {
    const slot = lowerSlot(leaf.members, leaf.scores, score, member);
    if (slot === leaf.members.length) {
      leaf.members.push(member);
      leaf.scores.push(score);
    } else {
      leaf.members.splice(slot, 0, member);
      leaf.scores.splice(slot, 0, score);
    }
    if (leaf.width <= LEAF_MAX) return null;
    // Ascending inserts leave full leaves on the left, descending ones on the right.
    let cut = leaf.width >> 1;
    if (slot === LEAF_MAX && leaf.next === null) cut = LEAF_MAX;
    else if (slot === 0 && leaf.prev === null) cut = 1;
    const right = new Leaf(leaf.members.splice(cut), leaf.scores.splice(cut));
    right.prev = leaf;
    right.next = leaf.next;
    if (leaf.next === null) this.last = right;
    else leaf.next.prev = right;
    leaf.next = right;
    return right;
  }

  private deleteUnder(node: TreeNode, score: number, member: string): boolean {
    if (node instanceof Leaf) return deleteInLeaf(node, score, member);
    const at = childFor(node, score, member);
    const child = node.children[at] as TreeNode;
    if (!this.deleteUnder(child, score, member)) return false;
    node.counts[at] = (node.counts[at] as number) - 1;
    if (child.width <= (child instanceof Leaf ? LEAF_MAX : INNER_MAX) >> 2) this.rebalance(node, at === 0 ? 0 : at - 1);
    return true;
  }

  /**
   * Balances children `at` and `at + 1`, one of which has become small: merges them when that leaves room to grow, else splits
   * evenly. Every inner node except the root has at least two children, so a small child always has a neighbour.
   */
  private rebalance(node: Inner, at: number): void {
    const left = node.children[at] as TreeNode;
    const right = node.children[at + 1] as TreeNode;
    if (left instanceof Leaf && right instanceof Leaf) joinLeaves(left, right);
    else joinInner(left as Inner, right as Inner, node.sepScores[at + 1] as number, node.sepMembers[at + 1] as string);
    const max = left instanceof Leaf ? LEAF_MAX : INNER_MAX;
    if (left.width > max - (max >> 2)) {
      moveUpperHalf(left, right);
      this.updateEntry(node, at, left);
      this.updateEntry(node, at + 1, right);
      return;
    }
    if (left instanceof Leaf) this.unlink(right as Leaf);
    node.counts[at] = (node.counts[at] as number) + (node.counts[at + 1] as number);
    node.children.splice(at + 1, 1);
    node.counts.splice(at + 1, 1);
    node.sepScores.splice(at + 1, 1);
    node.sepMembers.splice(at + 1, 1);
  }

  private updateEntry(node: Inner, at: number, child: TreeNode): void {
    const key = lowestKey(child);
    node.counts[at] = sizeOf(child);
    node.sepScores[at] = key.score;
    node.sepMembers[at] = key.member;
  }

  /** Removes a leaf other than the first from the chain. */
  private unlink(leaf: Leaf): void {
    const prev = leaf.prev as Leaf;
    prev.next = leaf.next;
    if (leaf.next === null) this.last = prev;
    else leaf.next.prev = prev;
  }
}

function joinLeaves(left: Leaf, right: Leaf): void {
  left.members = left.members.concat(right.members);
  left.scores = left.scores.concat(right.scores);
}

/** After `right` was merged into `left`, gives the upper half back to `right`. */
function moveUpperHalf(left: TreeNode, right: TreeNode): void {
  const cut = left.width >> 1;
  if (left instanceof Leaf && right instanceof Leaf) {
    right.members = left.members.splice(cut);
    right.scores = left.scores.splice(cut);
  } else if (left instanceof Inner && right instanceof Inner) {
    right.children = left.children.splice(cut);
    right.counts = left.counts.splice(cut);
    right.sepScores = left.sepScores.splice(cut);
    right.sepMembers = left.sepMembers.splice(cut);
  }
}

function deleteInLeaf(leaf: Leaf, score: number, member: string): boolean {
  const slot = lowerSlot(leaf.members, leaf.scores, score, member);
  if (slot === leaf.width || leaf.members[slot] !== member || leaf.scores[slot] !== score) return false;
  if (slot === 0) {
    leaf.members.shift();
    leaf.scores.shift();
  } else {
    leaf.members.splice(slot, 1);
    leaf.scores.splice(slot, 1);
  }
  return true;
}

/** A key not above any key below `node`, and above every key left of it. */
function lowestKey(node: TreeNode): { score: number; member: string } {
  let at = node;
  while (at instanceof Inner) at = at.children[0] as TreeNode;
  return { score: at.scores[0] as number, member: at.members[0] as string };
}

/** Splits off the right part of a too wide node; nearly all of it stays when growth is at the end. */
function splitInner(node: Inner, growsAtEnd: boolean): Inner {
  const cut = growsAtEnd ? node.width - 2 : node.width >> 1;
  const children = node.children.splice(cut);
  return new Inner(children, node.counts.splice(cut), node.sepScores.splice(cut), node.sepMembers.splice(cut));
}

/** Appends `right` to `left`; its first child gets the parent's separator between the two. */
function joinInner(left: Inner, right: Inner, sepScore: number, sepMember: string): void {
  right.sepScores[0] = sepScore;
  right.sepMembers[0] = sepMember;
  left.children = left.children.concat(right.children);
  left.counts = left.counts.concat(right.counts);
  left.sepScores = left.sepScores.concat(right.sepScores);
  left.sepMembers = left.sepMembers.concat(right.sepMembers);
}
