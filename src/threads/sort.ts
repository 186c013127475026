/** The sort of thing that an id names. An id of one sort is not accepted as another sort. */
export type Sort = 'thread' | 'run' | 'session' | 'task' | 'context' | 'request-state'
