// The effects of commands on the data, as the commands that a replica or the append-only file repeats. A command that changed
// data is propagated unchanged by default; one whose replay would differ sets its replacement here (rules:
// persistence-replication.md 4.8). Nothing is collected without a sink.

/** One command of the stream. */
export interface WriteEffect {
  readonly db: number;
  readonly words: readonly string[];
  /** Only for replicas, not for the append-only file (PUBLISH). */
  readonly replicasOnly: boolean;
}

/** Destination of effects: the append-only file, the replication backlog. */
export interface EffectSink {
  /** Takes the effects of one outermost call, in order; more than one form a transaction (MULTI … EXEC). */
  append(unit: readonly WriteEffect[]): void;
}

export class Effects {
  private sinks: readonly EffectSink[] = [];
  /** Effects of the running outermost call; null outside calls. */
  private unit: WriteEffect[] | null = null;
  /** The replacement of the running command: undefined for its own words, null for nothing. */
  private instead: readonly string[] | null | undefined = undefined;
  private forced: 'no' | 'all' | 'replicas' = 'no';
  /** False without a sink: no effect needs to be recorded. */
  active = false;

  attach(sink: EffectSink): void {
    this.sinks = [...this.sinks, sink];
    this.active = true;
  }

  detach(sink: EffectSink): void {
    this.sinks = this.sinks.filter((one) => one !== sink);
    this.active = this.sinks.length > 0;
  }

  // Called by commands.

  /** An additional effect, before that of the running command; outside calls a separate unit. */
  add(db: number, ...words: readonly string[]): void {
    if (this.active) this.note({ db, words, replicasOnly: false });
  }

  private note(effect: WriteEffect): void {
    if (this.unit !== null) this.unit.push(effect);
    else this.send([effect]);
  }

  private send(unit: readonly WriteEffect[]): void {
    for (const sink of this.sinks) sink.append(unit);
  }

  /** If the running command changed data, it is propagated as these words. */
  replaceWith(...words: readonly string[]): void {
    if (this.active) this.instead = words;
  }

  /** The running command is not propagated: its effects are recorded by `add`, or elsewhere. */
  none(): void {
    if (this.active) this.instead = null;
  }

  /** The running command is propagated even if it changed nothing (FLUSHALL). */
  force(): void {
    if (this.active) this.forced = 'all';
  }

  /** The running command is propagated to replicas although it changes no data (PUBLISH). */
  forceToReplicas(): void {
    if (this.active) this.forced = 'replicas';
  }

  // Called by the executor.

  /** An outermost call begins: its effects are collected until callEnded. */
  callBegan(): void {
    this.unit = [];
  }

  /** A command has run: records its effect. `changed`: it changed data. */
  commandEnded(db: number, words: readonly string[], changed: boolean): void {
    const { instead, forced } = this;
    this.instead = undefined;
    this.forced = 'no';
    if (instead === null || !(changed || forced !== 'no')) return;
    this.note({ db, words: instead ?? words, replicasOnly: !changed && forced === 'replicas' });
  }

  /** An outermost call ended: its effects go to the sinks as one unit, or one by one when `scattered`. */
  callEnded(scattered = false): void {
    const unit = this.unit ?? [];
    this.unit = null;
    if (scattered) for (const effect of unit) this.send([effect]);
    else if (unit.length > 0) this.send(unit);
  }
}
