import type { Liveness } from '../agents/liveness'
import type { Current } from '../current'
import type { People } from '../identity-provider/people.ts'
import type { IdentityProvider } from '../identity-provider/provider.ts'
import type { Addresses } from '../stage'
import type { Audits } from './audits'
import type { Notices } from './notices'
import type { Recorder } from './recorder'

/** The parts of `sallyport dev` that its page shows. */
export interface Shown {
  readonly addresses: Addresses
  readonly people: People
  readonly provider: IdentityProvider
  readonly recorder: Recorder
  readonly audits: Audits
  readonly notices: Notices
  readonly liveness: Liveness
  readonly current: Current
}
