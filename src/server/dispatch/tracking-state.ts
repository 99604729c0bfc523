// What a client remembers of CLIENT TRACKING; tracking.ts works with it.

/** How one client tracks. */
export interface TrackingState {
  bcast: boolean;
  optin: boolean;
  optout: boolean;
  noloop: boolean;
  /** The client that receives the messages, 0 for the client itself. */
  redirect: number;
  /** The client named by `redirect` is gone. */
  broken: boolean;
  /** CLIENT CACHING was given for the next command. */
  caching: boolean;
  /** BCAST: the registered prefixes, sorted. */
  readonly prefixes: string[];
}
