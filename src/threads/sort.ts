/** The sort of thing that an id names. An id of one sort is worth nothing as another. */
export type Sort = 'thread' | 'run' | 'session' | 'task' | 'context' | 'request-state'
