// The gate of all output: no reply is sent before the changes it may depend on are safe. The barriers define "safe": nodes.conf
// saved, the append-only file synced.

/** Makes changes safe, in the order in which they were made. */
export interface Barrier {
  /** Number of the latest change that must become safe. */
  readonly wanted: number;
  /** All changes up to this number are safe. */
  readonly passed: number;
  /** Makes the wanted changes safe, or starts to. A barrier that finishes later calls the gate's reopen(). Never throws. */
  advance(): void;
}

/** Output that was held back. */
export interface HeldOutput {
  release(): void;
}

export class OutputGate {
  private readonly barriers: Barrier[] = [];
  private held = new Set<HeldOutput>();

  add(barrier: Barrier): void {
    this.barriers.push(barrier);
  }

  /** True when all changes made until now are safe; triggers the barriers. */
  isOpen(): boolean {
    for (let i = 0; i < this.barriers.length; i++) {
      const barrier = this.barriers[i]!;
      if (barrier.passed < barrier.wanted) barrier.advance();
      if (barrier.passed < barrier.wanted) return false;
    }
    return true;
  }

  /** `output` waits until reopen() finds the gate open. */
  hold(output: HeldOutput): void {
    this.held.add(output);
  }

  /** The connection is closed. */
  forget(output: HeldOutput): void {
    this.held.delete(output);
  }

  /** A barrier has passed changes: releases held output unless another barrier still holds it. */
  reopen(): void {
    if (this.held.size === 0 || !this.isOpen()) return;
    const outputs = this.held;
    this.held = new Set();
    for (const output of outputs) output.release();
  }
}
