/**
 * The sort of object that an id names. The gateway does not accept an id of one sort as an id of
 * another sort.
 */
export type Sort = 'thread' | 'run' | 'session' | 'task' | 'context' | 'request-state'
