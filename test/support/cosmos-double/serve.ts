// The double as a process: options as JSON on the command line, `{"endpoint"}` on stdout when it serves, figures on SIGUSR2.

import { COSMOS_CONTAINER } from './container.js';
import { type CosmosDoubleOptions, type CosmosFault, type CosmosRequest, startCosmosDouble } from './cosmos-double.js';

export interface ServeOptions extends Pick<CosmosDoubleOptions, 'key' | 'token' | 'tls' | 'latencyMs' | 'ranges'> {
  readonly database?: string;
  /** What the container says of itself, where that is not what the driver wants. */
  readonly definition?: object;
  readonly partitionPath?: string;
  /** The probability of each fault for one request. */
  readonly faults?: FaultRates;
}

export interface FaultRates {
  readonly throttled?: number;
  readonly retryWith?: number;
  readonly unavailable?: number;
  /** The connection ends before the request is carried out, or after it. */
  readonly drop?: number;
  readonly dropAfter?: number;
  /** Of a read or query: answered by a replica that lags, up to LAG_MS. */
  readonly stale?: number;
}

const LAG_MS = 300;

const options = JSON.parse(process.argv[2] ?? '{}') as ServeOptions;
const { faults, database = 'copiloteval', definition, partitionPath, ...rest } = options;
const container = { ...COSMOS_CONTAINER, ...(definition === undefined ? {} : { definition }), ...(partitionPath === undefined ? {} : { partitionPath }) };
const double = await startCosmosDouble({ ...rest, database, containers: [container], ...(faults === undefined ? {} : { fault: (request) => faultFor(request, faults), ...stalenessOf(faults) }) });
process.stdout.write(`${JSON.stringify({ endpoint: double.endpoint })}\n`);
process.on('SIGUSR2', () => process.stdout.write(`${JSON.stringify({ requests: Object.fromEntries(double.requests), units: double.units() })}\n`));

function faultFor({ kind }: CosmosRequest, rates: FaultRates): CosmosFault {
  if (kind === 'account' || kind === 'container') return undefined;
  let drawn = Math.random();
  const meets = (rate = 0): boolean => (drawn -= rate) < 0;
  if (meets(rates.throttled)) return { status: 429, retryAfterMs: 5 };
  if (meets(rates.retryWith)) return { status: 449 };
  if (meets(rates.unavailable)) return { status: 503 };
  if (meets(rates.drop)) return 'drop';
  return meets(rates.dropAfter) ? 'drop-after' : undefined;
}

function stalenessOf({ stale = 0 }: FaultRates): Pick<CosmosDoubleOptions, 'staleness'> {
  return stale === 0 ? {} : { staleness: { keepMs: LAG_MS, behindMs: () => (Math.random() < stale ? Math.random() * LAG_MS : 0) } };
}
