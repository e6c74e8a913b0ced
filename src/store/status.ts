/** The five states of a box, and what each allows. */
export const BOX_STATUSES = ['unknown', 'configured', 'running', 'stopping', 'stopped'] as const;

export type BoxStatus = (typeof BOX_STATUSES)[number];

export const isBoxStatus = (text: string): text is BoxStatus =>
  (BOX_STATUSES as readonly string[]).includes(text);

/** The VM exists: it is running or shutting down. */
export const isActive = (status: BoxStatus): boolean =>
  status === 'running' || status === 'stopping';

export const isRunning = (status: BoxStatus): boolean => status === 'running';

export const isConfigured = (status: BoxStatus): boolean => status === 'configured';

export const isStopped = (status: BoxStatus): boolean => status === 'stopped';

export const isTransient = (status: BoxStatus): boolean => status === 'stopping';

export const canStart = (status: BoxStatus): boolean =>
  status === 'configured' || status === 'stopped';

export const canStop = (status: BoxStatus): boolean => status === 'running';

export const canRemove = (status: BoxStatus): boolean =>
  status === 'configured' || status === 'stopped' || status === 'unknown';

/** A command can run in it, after a start if needed. */
export const canRun = (status: BoxStatus): boolean =>
  status === 'configured' || status === 'running' || status === 'stopped';
