/**
 * The sort of object that an id names. An id of one sort is not accepted as an id of another sort.
 */
export type Sort = 'thread' | 'run' | 'session' | 'task' | 'context' | 'request-state'
