import { Refusal } from '../../errors/refusal'
import { isObject, type Json, type JsonObject } from '../../json'
import type { Call } from '../call'
import { OWNER, stamped } from './ownership'

/**
 * The most bytes of metadata in a request. Servers store metadata in the thread, and the gateway
 * reads all of it to find the owner.
 */
const MAX_METADATA_BYTES = 64 * 1024

export function stampedBody(body: Json, owner: string): JsonObject {
  if (!isObject(body)) throw new Refusal('body-invalid', 'not an object')
  return { ...body, metadata: stamped(body.metadata, owner) }
}

/** Returns a call whose body names its caller as the owner. */
export const withOwner = (call: Call, owner: string): Call => ({ ...call, body: stampedBody(call.body ?? {}, owner) })

export function withoutOwner(body: Json | undefined): Json | undefined {
  if (!isObject(body) || !isObject(body.metadata)) return body
  const { [OWNER]: _, ...metadata } = body.metadata
  return { ...body, metadata }
}

/**
 * Returns the metadata that a server would give to a thread that this run creates. Only some
 * servers also read the metadata in the run's configuration. The run's own metadata takes
 * precedence.
 */
export function metadataOfRun(body: Json | undefined): JsonObject {
  const run = isObject(body) && body.method === 'run.start' ? body.params : body
  if (!isObject(run)) return {}
  const config = isObject(run.config) && isObject(run.config.metadata) ? run.config.metadata : {}
  return { ...config, ...(isObject(run.metadata) && run.metadata) }
}

/**
 * Removes thread ids and owners from places that the gateway does not check. Either the path or one
 * member, which the gateway checks, names the thread. Some servers would use a thread id in the
 * configuration of a run, or in the checkpoint from which it starts. Only the gateway names owners.
 * Otherwise a caller could add a thread to another caller's threads.
 * @throws Refusal `body-too-large` if the metadata is too large
 */
export function cleared(call: Call): Call {
  const { body, params } = call
  for (const one of Array.isArray(body) ? body : [body]) {
    if (!isObject(one)) continue
    for (const part of [one, one.params]) {
      if (!isObject(part)) continue
      const config = isObject(part.config) ? part.config : {}
      const before = isObject(part.before) ? part.before : {}
      for (const holder of [config, config.configurable, part.checkpoint, before, before.configurable])
        if (isObject(holder)) delete holder.thread_id
      if (isObject(config.metadata)) delete config.metadata[OWNER]
      for (const { metadata } of [part, config]) refuseLarge(metadata)
      if (params.thread !== undefined && part.thread_id !== undefined)
        part.thread_id = decodeURIComponent(params.thread)
    }
  }
  return call
}

function refuseLarge(metadata: Json | undefined): void {
  if (metadata === undefined) return
  if (new TextEncoder().encode(JSON.stringify(metadata)).byteLength > MAX_METADATA_BYTES)
    throw new Refusal('body-too-large', 'metadata', { field: 'metadata' })
}
