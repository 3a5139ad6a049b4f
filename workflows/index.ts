export { importWorkflow } from './import.js';
export { syncWorkflow } from './sync.js';
export { scheduledSyncWorkflow } from './scheduled-sync.js';
export { transferWorkflow } from './transfer.js';
export { repairWorkflow } from './repair.js';
export { cleanupWorkflow } from './cleanup.js';
export { askProviderWorkflow } from './ask-provider.js';
export { sweepWorkflow } from './sweep.js';
