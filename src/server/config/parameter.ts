// The definition of a configuration parameter. The parameters are tables by subject in parameters/.
import type { ValueKind } from './kinds.js';

export interface Parameter {
  /** As CONFIG GET and redis.conf spell it, lower case. */
  readonly name: string;
  /** An older name of the same value. */
  readonly alias: string | null;
  readonly kind: ValueKind;
  /** Canonical text. */
  readonly default: string;
  /** CONFIG SET may change it. */
  readonly mutable: boolean;
  /** CONFIG SET may change it only when enable-protected-configs permits that. */
  readonly protected: boolean;
  /** Some code uses the value. When false, a value other than the default is logged at start. */
  readonly effective: boolean;
  /** The value is a password or user name, which must not be shown. */
  readonly secret: boolean;
  /** A parameter of this program that Redis lacks: CONFIG GET does not show it. */
  readonly hidden: boolean;
}

export interface ParameterTraits {
  readonly alias?: string;
  readonly immutable?: boolean;
  readonly protected?: boolean;
  readonly hidden?: boolean;
  readonly secret?: boolean;
}

/** A parameter that this version uses. */
export const effective = (name: string, kind: ValueKind, initial: string, traits: ParameterTraits = {}): Parameter => ({
  name,
  kind,
  default: initial,
  alias: traits.alias ?? null,
  mutable: traits.immutable !== true,
  protected: traits.protected === true,
  hidden: traits.hidden === true,
  secret: traits.secret === true,
  effective: true,
});

/** A parameter that is accepted, stored and shown, but has no effect in this version. */
export const ignored = (name: string, kind: ValueKind, initial: string, traits: ParameterTraits = {}): Parameter => ({
  ...effective(name, kind, initial, traits),
  effective: false,
});
