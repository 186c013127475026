/** The reasons why a policy did not permit an operation, for the audit line and for tests. */
export type Reason =
  | 'no-policy'
  | 'credential-limited'
  | 'no-rule-for-operation'
  | 'denied-by-rule'
  | 'role-missing'
  | 'scope-missing'
  | 'claim-differs'
  | 'issuer-differs'
  | 'tenant-differs'
  | 'caller-kind-differs'
  | 'excluded'
