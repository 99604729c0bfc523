// The text of INFO: the requested sections and their format.
import type { NodeServices } from '../exec/context.js';
import { keyspaceSection, memorySection, persistenceSection } from './data-sections.js';
import { replicationSection } from './replication-section.js';
import type { InfoSection } from './section.js';
import { clientsSection, clusterSection, cpuSection, modulesSection, serverSection } from './server-sections.js';
import { commandStatsSection, errorStatsSection, statsSection } from './stats-sections.js';

/** In Redis's order, independent of the order of the arguments. */
const SECTIONS: readonly InfoSection[] = [
  serverSection, clientsSection, memorySection, persistenceSection, statsSection, replicationSection, cpuSection, modulesSection,
  commandStatsSection, errorStatsSection, clusterSection, keyspaceSection,
];

/** @param names as given by the client; none means `default`. Unknown names are ignored. */
export function infoText(node: NodeServices, names: readonly string[]): string {
  const asked = new Set(names.map((name) => name.toLowerCase()));
  const all = asked.has('all') || asked.has('everything');
  const usual = asked.size === 0 || asked.has('default');
  const wanted = SECTIONS.filter((section) => all || asked.has(section.name) || (usual && section.byDefault));
  return wanted
    .map((section) => {
      const lines = section.fields(node).map(([name, value]) => `${name}:${value}\r\n`);
      return `# ${section.title}\r\n${lines.join('')}`;
    })
    .join('\r\n');
}
