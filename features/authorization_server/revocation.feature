@revocation @needs:revocation @needs:client-credentials
Feature: Revocation
  A client ends its own tokens, at once, and nobody else's.

  Rule: Revocation bites

    @core @smoke @needs:introspection @SEED-IS-08/served @SEED-IS7-17/endpoint @SEED-KM-04/revocation @SEED-KM-27/revocation @OAUTH-7009-2-a @OAUTH-7009-2.1-c @DEF-111 @DEF-SEED-AS-REVOKE-05
    Scenario: A revoked access token is inactive at once
      Given an access token issued to the client
      When the OAuth client revokes the token
      Then revocation is granted
      And introspection says that the token is inactive

    @extended @needs:jwt-access-tokens @SEED-KM-04/revocation @OAUTH-7009-2-a @DEF-SEED-AS-REVOKE-05
    Scenario: A self-contained token can be revoked as well
      Given a self-contained access token issued to the client
      When the OAuth client revokes the token
      Then revocation is granted

    @core @needs:introspection @OAUTH-7009-2.1-b @DEF-111 @DEF-SEED-AS-REVOKE-02 @DEF-SEED-AS-REVOKE-05
    Scenario: A wrong hint does not keep a token alive
      Given an access token issued to the client
      When the OAuth client revokes the token as a "refresh_token"
      Then revocation is granted
      And introspection says that the token is inactive

    @core @needs:introspection @DEF-SEED-AS-INTRO-03 @DEF-SEED-AS-REVOKE-03 @DEF-SEED-AS-REVOKE-05 @DEF-SEED-AS-TOKEN-03 @DEF-SEED-AS-TOKEN-09
    Scenario: Revoking one token leaves the client's other tokens alive
      Given two access tokens issued to the client
      When the OAuth client revokes the token
      Then revocation is granted
      And introspection says that the token is inactive
      And introspection says that the second token is active

    @core @OAUTH-7009-2.2-a @DEF-SEED-AS-REVOKE-04
    Scenario: A token that nobody issued is revoked like any other
      When the OAuth client revokes a token that nobody issued
      Then revocation is granted

    @extended @needs:refresh-token @needs:introspection @OAUTH-7009-2.1-d @DEF-111 @DEF-112 @DEF-SEED-AS-AUTH-08
    Scenario: With a refresh token its access token ends
      Given a refresh token issued to the client
      When the OAuth client revokes the refresh token
      Then revocation is granted
      And introspection says that the token is inactive

    @core @negative @needs:refresh-token @OAUTH-7009-2-a @DEF-111 @DEF-SEED-AS-AUTH-08
    Scenario: A revoked refresh token renews nothing
      Given a refresh token issued to the client
      When the OAuth client revokes the refresh token
      Then revocation is granted
      And the refresh token brings no token any more

  Rule: Nobody ends the tokens of others

    @core @negative @needs:introspection @OAUTH-7009-2.1-a @DEF-SEED-AS-INTRO-03 @DEF-SEED-AS-REVOKE-01
    Scenario: Without credentials nothing is revoked
      Given an access token issued to the client
      When somebody revokes the token without credentials
      Then revocation is refused
      And introspection says that the token is active

    @core @negative @needs:introspection @OAUTH-7009-2.1-a @DEF-SEED-AS-INTRO-03 @DEF-SEED-AS-REVOKE-01
    Scenario: With a wrong secret nothing is revoked
      Given an access token issued to the client
      When the OAuth client revokes the token with a wrong secret
      Then the error is "invalid_client" with status 401
      And introspection says that the token is active

    @core @negative @needs:introspection @needs:other-client @OAUTH-7009-2.1-a @DEF-113 @DEF-SEED-AS-INTRO-03
    Scenario: A token of another client stays alive
      Given an access token issued to the client
      When the other client revokes the token
      Then introspection says that the token is active

    @core @negative @needs:other-client @OAUTH-7009-2.1-a @OAUTH-7009-2.2.1-a @DEF-113
    Scenario: Revoking a token of another client is refused with an error of the token endpoint
      Given an access token issued to the client
      When the other client revokes the token
      Then revocation is refused with status 400 and an error of the token endpoint
