import type { Adapter, AdapterPayload } from 'oidc-provider'

/**
 * Makes a store in the memory of this process for the sessions, codes and grants of oidc-provider.
 */
export function createMemoryStore(): (model: string) => Adapter {
  const entries = new Map<string, { payload: AdapterPayload; expires: number }>()

  return (model) => {
    const read = (key: string) => {
      const entry = entries.get(key)
      if (!entry) return undefined
      if (entry.expires > Date.now()) return entry.payload
      entries.delete(key)
      return undefined
    }
    const findWhere = (field: 'uid' | 'userCode', value: string) => {
      for (const key of entries.keys()) {
        const payload = key.startsWith(`${model}:`) ? read(key) : undefined
        if (payload?.[field] === value) return payload
      }
      return undefined
    }

    return {
      async upsert(id, payload, expiresIn) {
        entries.set(`${model}:${id}`, { payload, expires: Date.now() + (expiresIn ?? 3600) * 1000 })
      },
      find: async (id) => read(`${model}:${id}`),
      findByUid: async (uid) => findWhere('uid', uid),
      findByUserCode: async (userCode) => findWhere('userCode', userCode),
      async consume(id) {
        const payload = read(`${model}:${id}`)
        if (payload) payload.consumed = Math.floor(Date.now() / 1000)
      },
      async destroy(id) {
        entries.delete(`${model}:${id}`)
      },
      async revokeByGrantId(grantId) {
        for (const [key, { payload }] of entries) {
          if (key.startsWith(`${model}:`) && payload.grantId === grantId) entries.delete(key)
        }
      },
    }
  }
}
