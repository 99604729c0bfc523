// What a configuration parameter is. The parameters themselves are tables by theme in parameters/.
import type { ValueKind } from './kinds.js';

export interface Parameter {
  /** As CONFIG GET and redis.conf spell it, lower case. */
  readonly name: string;
  /** An older spelling that names the same value. */
  readonly alias: string | null;
  readonly kind: ValueKind;
  /** Canonical text. */
  readonly default: string;
  /** CONFIG SET may change it. */
  readonly mutable: boolean;
  /** CONFIG SET may change it only when enable-protected-configs says so. */
  readonly protected: boolean;
  /** This version acts on the value. When not, a value other than the default is named in the log at start. */
  readonly acted: boolean;
  /** Ours, not Redis's: CONFIG GET does not show it. */
  readonly hidden: boolean;
}

export interface ParameterTraits {
  readonly alias?: string;
  readonly immutable?: boolean;
  readonly protected?: boolean;
  readonly hidden?: boolean;
}

/** A parameter that this version acts on. */
export const acted = (name: string, kind: ValueKind, initial: string, traits: ParameterTraits = {}): Parameter => ({
  name,
  kind,
  default: initial,
  alias: traits.alias ?? null,
  mutable: traits.immutable !== true,
  protected: traits.protected === true,
  hidden: traits.hidden === true,
  acted: true,
});

/** A parameter that is accepted, kept and shown, and changes nothing in this version. */
export const kept = (name: string, kind: ValueKind, initial: string, traits: ParameterTraits = {}): Parameter => ({
  ...acted(name, kind, initial, traits),
  acted: false,
});
