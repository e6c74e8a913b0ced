/** The five states of a box's life, and what each of them allows. */
export const BOX_STATUSES = ['unknown', 'configured', 'running', 'stopping', 'stopped'] as const;

export type BoxStatus = (typeof BOX_STATUSES)[number];

export const isBoxStatus = (text: string): text is BoxStatus =>
  (BOX_STATUSES as readonly string[]).includes(text);

/** The VM exists: it runs, or is on its way out. */
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

/** A command may be run in it, after a start where one is needed. */
export const canRun = (status: BoxStatus): boolean =>
  status === 'configured' || status === 'running' || status === 'stopped';
