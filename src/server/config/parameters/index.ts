// All parameters of Redis 7.0.15, in the order of CONFIG GET.
import type { Parameter } from '../parameter.js';
import { clusterParameters } from './cluster.js';
import { encodingParameters, memoryParameters, observationParameters } from './data.js';
import { persistenceParameters, replicationParameters } from './durability.js';
import { networkParameters, processParameters } from './network.js';
import { securityParameters, tlsParameters } from './security.js';

export const PARAMETERS: readonly Parameter[] = [
  ...networkParameters,
  ...processParameters,
  ...securityParameters,
  ...memoryParameters,
  ...encodingParameters,
  ...observationParameters,
  ...persistenceParameters,
  ...replicationParameters,
  ...clusterParameters,
  ...tlsParameters,
];

const SECRETS = new Set(PARAMETERS.filter(({ secret }) => secret).map(({ name }) => name));

/** Whether the value of a parameter, in any case, is a secret. */
export const isSecret = (name: string): boolean => SECRETS.has(name.toLowerCase());
