@keys @needs:jwks
Feature: The published keys, and the tokens they verify
  A gateway that validates tokens itself trusts these keys and nothing else.

  Rule: The key set is fit for verifying

    @core @smoke @SEED-OOB-06/jwks @SEED-OOB-18 @SEED-IS-17 @DEF-SEED-AS-KEYS-05
    Scenario: The key set is served to anybody and holds a key to verify with
      When the integrator fetches the key set
      Then the key set holds at least one key that signatures can be verified with

    @core @negative @SEED-IS-17 @DEF-SEED-AS-KEYS-01
    Scenario: The key set holds public keys only
      When the integrator fetches the key set
      Then no key of the set is secret or private

    @core @SEED-IS-21 @DEF-SEED-AS-KEYS-02 @DEF-SEED-AS-KEYS-05
    Scenario: Every signing key has a name of its own
      When the integrator fetches the key set
      Then every signing key has a kid that no other key has

    @core @SEED-IS-17 @DEF-SEED-AS-KEYS-03
    Scenario: RSA keys have at least 2048 bits
      When the integrator fetches the key set
      Then no RSA key of the set is shorter than 2048 bits

    @core @OAUTH-8414-2-d @DEF-SEED-AS-KEYS-04
    Scenario: Keys say their use where some sign and some encrypt
      When the integrator fetches the key set
      Then every key says its use if one of them is for encryption

  Rule: The key set is there, and up to date, whatever happened before

    @core @needs:server-controls @SEED-IS-17 @DEF-129 @DEF-SEED-AS-KEYS-05
    Scenario: The key set is served as soon as the server is back
      Given the server was restarted
      When the integrator fetches the key set
      Then the key set holds at least one key that signatures can be verified with

    @core @needs:server-controls @needs:client-credentials @needs:jwt-access-tokens @SEED-IS-21 @DEF-128 @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-06
    Scenario: After a change of keys a new token verifies with the key it names
      Given the server has changed its signing key
      And a self-contained access token issued to the client
      When the integrator verifies the token with the published keys
      Then the signature is right and the algorithm is an asymmetric one

  Rule: An access token can be validated without asking the server

    Background:
      Given a self-contained access token issued to the client

    @core @smoke @needs:client-credentials @needs:jwt-access-tokens @SEED-OOB-19 @SEED-IS-21 @OAUTH-9068-2.1-a @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-06
    Scenario: An access token verifies with the key it names
      When the integrator verifies the token with the published keys
      Then the signature is right and the algorithm is an asymmetric one

    @core @needs:client-credentials @needs:jwt-access-tokens @SEED-OOB-11 @SEED-IS-04 @SEED-IS7-13 @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-06 @DEF-SEED-AS-TOKEN-11
    Scenario: An access token carries the issuer of the discovery document
      When the integrator verifies the token with the published keys
      Then the claim "iss" is the issuer of the discovery document

    @core @needs:client-credentials @needs:jwt-access-tokens @SEED-OOB-14 @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-06 @DEF-SEED-AS-TOKEN-07
    Scenario: An access token names its client in one of the usual claims
      When the integrator verifies the token with the published keys
      Then one of these claims is the client's id:
        | client_id |
        | azp       |
        | cid       |

    @core @needs:client-credentials @needs:jwt-access-tokens @SEED-KM-27/expiry @DEF-130 @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-01 @DEF-SEED-AS-TOKEN-06
    Scenario: An access token ends when the token answer said it would
      When the integrator verifies the token with the published keys
      Then the token ends as far ahead as the token answer said

    @extended @needs:client-credentials @needs:jwt-access-tokens @OAUTH-9068-2.1-b @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-06 @DEF-SEED-AS-TOKEN-08
    Scenario: An access token says in its header that it is one
      When the integrator verifies the token with the published keys
      Then the type in its header is "at+jwt"

    @extended @needs:client-credentials @needs:jwt-access-tokens @OAUTH-9068-2.2-a @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-06 @DEF-SEED-AS-TOKEN-07 @DEF-SEED-AS-TOKEN-09
    Scenario: An access token has the claims of the JWT profile
      When the integrator verifies the token with the published keys
      Then the token has these claims:
        | iss       |
        | exp       |
        | aud       |
        | sub       |
        | client_id |
        | iat       |
        | jti       |

  Rule: A scope that was granted stands in the token

    @core @needs:client-credentials @needs:jwt-access-tokens @needs:known-scope @SEED-OOB-15 @OAUTH-9068-2.2.3-a @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-SCOPE-01 @DEF-SEED-AS-TOKEN-06 @DEF-SEED-AS-TOKEN-10
    Scenario: An access token carries its scope in one of the usual claims
      Given a self-contained access token issued to the client for the known scope
      When the integrator verifies the token with the published keys
      Then one of these claims holds the known scope:
        | scope |
        | scp   |
