// The description of an argument in COMMAND DOCS.

export interface ArgumentDoc {
  readonly name: string;
  readonly type: string;
  readonly key_spec_index?: number;
  readonly token?: string;
  readonly since?: string;
  readonly deprecated_since?: string;
  readonly flags?: readonly string[];
  readonly display_text?: string;
  readonly arguments?: readonly ArgumentDoc[];
}
