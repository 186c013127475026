/*
 * LangGraph's JavaScript SDK, by its types: every option of a call is named here as one that
 * decides, that the gateway refuses, whose owner it asks for, or that does no harm.
 * `sdk-members.test.ts` compiles this file, because the SDK is installed by the tests alone.
 */
import type { Client } from '@langchain/langgraph-sdk'

type Runs = Client['runs']
type Threads = Client['threads']
type Crons = Client['crons']
/** The names of an options object. */
type Options<Method extends (...given: never) => unknown, Index extends number> = keyof NonNullable<
  Parameters<Method>[Index]
>

/** Asks for more operations: `src/agents/langgraph/members.ts`. */
type Decides =
  | 'multitaskStrategy'
  | 'ifNotExists'
  | 'onCompletion'
  | 'onRunCompleted'
  | 'ttl'
  | 'cancelOnDisconnect'
  | 'action'
/** Refused, or taken out. */
type Refused = 'webhook' | '_langsmithTracer' | 'status'
/** Limited to data of the caller. */
type Owned = 'threadId' | 'runIds' | 'ids' | 'checkpointId' | 'checkpoint' | 'config' | 'metadata'
/** On a run that the request itself starts: it ends that run and no other. */
type OwnRun = 'onDisconnect'
/** Changes how the run works, or which parts of it are returned. */
type Harmless =
  | 'afterSeconds'
  | 'assistantId'
  | 'before'
  | 'checkpointDuring'
  | 'command'
  | 'context'
  | 'durability'
  | 'enabled'
  | 'endTime'
  | 'extract'
  | 'feedbackKeys'
  | 'graphId'
  | 'ifExists'
  | 'input'
  | 'interruptAfter'
  | 'interruptBefore'
  | 'lastEventId'
  | 'limit'
  | 'offset'
  | 'onRunCreated'
  | 'raiseError'
  | 'returnMinimal'
  | 'schedule'
  | 'select'
  | 'signal'
  | 'sortBy'
  | 'sortOrder'
  | 'streamIdleReconnect'
  | 'streamMode'
  | 'streamNamespaces'
  | 'streamResumable'
  | 'streamSubgraphs'
  | 'strictResume'
  | 'supersteps'
  | 'timezone'
  | 'values'
  | 'asNode'

type Known = Decides | Refused | Owned | OwnRun | Harmless

type Every =
  | Options<Runs['create'], 2>
  | Options<Runs['stream'], 2>
  | Options<Runs['wait'], 2>
  | Options<Runs['joinStream'], 2>
  | Options<Runs['join'], 2>
  | Options<Runs['cancelMany'], 0>
  | Options<Runs['list'], 1>
  | keyof Parameters<Runs['createBatch']>[0][number]
  | Options<Threads['create'], 0>
  | Options<Threads['update'], 1>
  | Options<Threads['updateState'], 1>
  | Options<Threads['search'], 0>
  | Options<Threads['getHistory'], 1>
  | Options<Threads['joinStream'], 1>
  | Options<Crons['create'], 1>
  | Options<Crons['createForThread'], 2>
  | Options<Crons['update'], 1>
  | Options<Crons['search'], 0>

type Unknown = Exclude<Every, Known>
/** A name that no call has any more. */
type Gone = Exclude<Known, Every>

/** Neither compiles while there is a name, and the compiler says which. */
export const unknown: { readonly [Name in Unknown]: never } = {}
export const gone: { readonly [Name in Gone]: never } = {}
