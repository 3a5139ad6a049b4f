import { readConfig } from '../../worker/config.js';
import { runWorker } from '../../worker/run-worker.js';
import { synthetic } from './synthetic.js';

/** The product's own worker with the synthetic provider, as a process of its own, so that its memory can be read. */
await runWorker(readConfig(), [synthetic]);
