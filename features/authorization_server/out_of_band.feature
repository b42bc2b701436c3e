@out-of-band @needs:discovery
Feature: What a server must have to be attached with clients made elsewhere
  Out-of-band provisioning needs a client, its token endpoint, a key set and an issuer; nothing is registered.

  @core @smoke @needs:client-credentials @needs:jwks @SEED-OOB-06 @SEED-OOB-08 @DEF-SEED-AS-KEYS-05 @DEF-SEED-AS-TOKEN-06 @DEF-SEED-AS-TOKEN-11
  Scenario: Issuer, token endpoint, key set and a client are enough to get a token that verifies
    Given a self-contained access token issued to the client
    When the integrator verifies the token with the published keys
    Then the signature is right and the algorithm is an asymmetric one
    And the claim "iss" is the issuer of the discovery document

  @extended @negative @needs:client-credentials @SEED-OOB-23 @DEF-SEED-AS-AUTH-03
  Scenario: Knowing the client's id alone brings no token
    When somebody asks for a token with nothing but the client's id
    Then no token is issued
    And the answer is an error of the token endpoint
