import { now, type Provider } from './provider'

/*
 * Providers without a preset that vouch for machines alone: workloads of a cluster, a cloud, a mesh
 * and a build. None has people, so each is written with `callers: 'services'` and with the address
 * of its keys.
 */

const cluster = 'https://oidc.eks.eu-west-1.amazonaws.com/id/0A1B2C'
const GITHUB = 'https://token.actions.githubusercontent.com'
const AWS = 'https://0f1e2d3c-aaaa-4bbb-8ccc-000011112222.tokens.sts.global.api.aws'

export const kubernetes: Provider = {
  source: 'kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin, 2026-11-28',
  issuer: {
    issuer: cluster,
    audience: ['agents'],
    jwksUri: `${cluster}/keys`,
    callers: 'services',
    claims: { tenant: ['kubernetes.io', 'namespace'] },
  },
  keysAt: `${cluster}/keys`,
  person: {
    iss: cluster,
    aud: ['agents'],
    sub: 'system:serviceaccount:prod:bot',
    nbf: now - 5,
    jti: 'ea28ed49',
    'kubernetes.io': {
      namespace: 'prod',
      node: { name: 'n1', uid: '646e' },
      pod: { name: 'bot-0', uid: '5e0b' },
      serviceaccount: { name: 'bot', uid: '14ee' },
    },
  },
  accepts: {
    'a service account': {
      is: { sub: 'system:serviceaccount:prod:bot', caller: 'service', tenant: 'prod', roles: [] },
    },
  },
  refuses: {
    'the audience of the cluster itself': { with: { aud: ['https://kubernetes.default.svc'] }, reason: 'audience' },
    'another cluster': { with: { iss: cluster.replace('0A', '0B') }, reason: 'issuer' },
    'the secret of an old service account, which never expires': {
      with: { iss: 'kubernetes/serviceaccount', aud: undefined, exp: undefined, iat: undefined },
      reason: 'issuer',
    },
  },
  ownWords: ['name', 'email', 'groups'],
}

export const aws: Provider = {
  source: 'docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html, 2026-11-28',
  issuer: {
    issuer: AWS,
    audience: ['https://gate.acme.example'],
    jwksUri: `${AWS}/.well-known/jwks.json`,
    algorithms: ['ES384'],
    callers: 'services',
    claims: { tenant: ['https://sts.amazonaws.com/', 'org_id'] },
  },
  keysAt: `${AWS}/.well-known/jwks.json`,
  header: { typ: 'JWT', alg: 'ES384' },
  person: {
    iss: AWS,
    aud: 'https://gate.acme.example',
    sub: 'arn:aws:iam::123456789012:role/worker',
    jti: 'xyz',
    'https://sts.amazonaws.com/': {
      aws_account: '123456789012',
      org_id: 'o-abc1234567',
      principal_id: 'arn:aws:iam::123456789012:role/worker',
      request_tags: { team: 'agents' },
    },
  },
  accepts: {
    'a role': {
      is: { sub: 'arn:aws:iam::123456789012:role/worker', caller: 'service', tenant: 'o-abc1234567', roles: [] },
    },
  },
  refuses: {
    'another audience': { with: { aud: 'https://other.example' }, reason: 'audience' },
    'another account': { with: { iss: AWS.replace('0f1e', 'ffff') }, reason: 'issuer' },
    'the other algorithm of AWS': { header: { alg: 'RS256' }, reason: 'algorithm' },
  },
  ownWords: ['name', 'email', 'request_tags'],
}

export const spiffe: Provider = {
  source: 'spiffe.io/docs/latest/spiffe-specs/jwt-svid, 2026-11-28',
  issuer: {
    issuer: 'https://spire.acme.example',
    audience: ['spiffe://acme.example/gate'],
    jwksUri: 'https://spire.acme.example/keys',
    algorithms: ['ES384'],
    callers: 'services',
  },
  keysAt: 'https://spire.acme.example/keys',
  keyUse: 'jwt-svid',
  header: { typ: 'JOSE', alg: 'ES384' },
  person: {
    iss: 'https://spire.acme.example',
    aud: ['spiffe://acme.example/gate'],
    sub: 'spiffe://acme.example/ns/prod/sa/bot',
  },
  accepts: {
    'a workload': { is: { sub: 'spiffe://acme.example/ns/prod/sa/bot', caller: 'service', tenant: undefined } },
  },
  refuses: {
    'a server that writes no issuer': { with: { iss: undefined }, reason: 'issuer' },
    'another audience': { with: { aud: ['spiffe://acme.example/other'] }, reason: 'audience' },
  },
  ownWords: ['name', 'email', 'groups'],
}

export const githubActions: Provider = {
  source: 'docs.github.com/en/actions/reference/security/oidc, 2026-11-28',
  issuer: {
    issuer: GITHUB,
    audience: ['https://gate.acme.example'],
    jwksUri: `${GITHUB}/.well-known/jwks`,
    callers: 'services',
    claims: { tenant: 'repository_owner' },
  },
  keysAt: `${GITHUB}/.well-known/jwks`,
  header: { typ: 'JWT' },
  person: {
    iss: GITHUB,
    aud: 'https://gate.acme.example',
    sub: 'repo:acme/app:ref:refs/heads/main',
    repository: 'acme/app',
    repository_id: '74',
    repository_owner: 'acme',
    repository_owner_id: '65',
    repository_visibility: 'private',
    actor: 'alice',
    actor_id: '12',
    ref: 'refs/heads/main',
    ref_type: 'branch',
    sha: '9e1b0c2f',
    event_name: 'push',
    workflow: 'release',
    workflow_ref: 'acme/app/.github/workflows/release.yml@refs/heads/main',
    job_workflow_ref: 'acme/app/.github/workflows/release.yml@refs/heads/main',
    run_id: '3012',
    run_number: '10',
    run_attempt: '2',
    runner_environment: 'github-hosted',
    jti: 'c7e1',
    nbf: now - 600,
  },
  accepts: {
    'a build': { is: { sub: 'repo:acme/app:ref:refs/heads/main', caller: 'service', tenant: 'acme', roles: [] } },
  },
  refuses: {
    'the audience that a build has without asking': { with: { aud: 'https://github.com/acme' }, reason: 'audience' },
    'an Enterprise server': { with: { iss: 'https://github.acme.example/_services/token' }, reason: 'issuer' },
  },
  ownWords: ['actor', 'workflow', 'head_ref', 'base_ref', 'environment'],
}
