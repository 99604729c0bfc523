// The CLIENT TRACKING state of a client; used by tracking.ts.

/** Tracking options of one client. */
export interface TrackingState {
  bcast: boolean;
  optin: boolean;
  optout: boolean;
  noloop: boolean;
  /** The client that receives the messages, 0 for the client itself. */
  redirect: number;
  /** The `redirect` client has disconnected. */
  broken: boolean;
  /** CLIENT CACHING applies to the next command. */
  caching: boolean;
  /** BCAST: the registered prefixes, sorted. */
  readonly prefixes: string[];
}
