// The npm package oidc-provider as an authorization server for `kmspec certify`.
// Features are switched on one by one; nothing is set to please a scenario. Clients and secrets are test data.
import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

const host = '127.0.0.1';
const resource = 'urn:kmspec:orders';

function key(kid, alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

const client = (id, secret) => ({
  client_id: id,
  client_secret: secret,
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
});

const configuration = {
  clients: [
    client('kmspec', process.env.KMSPEC_CLIENT_SECRET ?? 'kmspec-test-secret-0123456789abcdef'),
    client('kmspec-other', process.env.KMSPEC_OTHER_SECRET ?? 'kmspec-other-secret-0123456789abcde'),
  ],
  jwks: {
    keys: [
      key('test-rs256', 'RS256', 'rsa', { modulusLength: 2048 }),
      key('test-es256', 'ES256', 'ec', { namedCurve: 'P-256' }),
      key('test-eddsa', 'EdDSA', 'ed25519', {}),
    ],
  },
  scopes: ['openid', 'offline_access', 'orders:read'],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true },
    registrationManagement: { enabled: true },
    // Self-contained access tokens are had by naming this resource (RFC 8707); others are opaque.
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      getResourceServerInfo: (_ctx, indicator) => ({
        scope: 'orders:read',
        audience: indicator,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
};

// The issuer holds the port, which is known once the server listens: port 0 takes any free one.
const server = createServer();
server.listen(Number(process.env.PORT ?? 0), host, () => {
  const issuer = `http://${host}:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  server.on('request', provider.callback());
  console.log(`${issuer}/.well-known/openid-configuration`);
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
