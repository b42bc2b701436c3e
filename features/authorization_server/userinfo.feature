@userinfo
Feature: The profile of a user
  Who a token stands for, as OpenID Connect or SCIM tells it.

  @core @needs:userinfo @needs:user-credentials @needs:password @SEED-IS-09/served @SEED-KM-23 @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-USER-01
  Scenario: A user's token brings the user's profile
    Given an access token issued to the client for the user
    When the OAuth client asks for the user's profile
    Then the profile names the user

  @core @needs:userinfo @needs:user-credentials @needs:password @needs:openid-connect @SEED-KM-23 @DEF-SEED-AS-USER-01 @DEF-SEED-AS-USER-05
  Scenario: A profile is about the subject that the id token names
    Given an access token issued to the client for the user
    When the OAuth client asks for the user's profile
    Then the profile is that of the id token's subject

  @core @negative @needs:userinfo @OAUTH-6750-3-a @OAUTH-6750-3.1-b @DEF-SEED-AS-USER-02 @DEF-SEED-AS-USER-04
  Scenario: Without a token there is a challenge and no profile
    When somebody asks for a profile without a token
    Then the profile is refused with status 401
    And the answer challenges for a bearer token

  @core @negative @needs:userinfo @OAUTH-6750-3.1-a @OAUTH-6750-3-c @DEF-SEED-AS-USER-02 @DEF-SEED-AS-USER-03
  Scenario: A token that nobody issued brings an error
    When somebody asks for a profile with a token that nobody issued
    Then the profile is refused with status 401
    And the challenge carries the error "invalid_token"

  @core @needs:scim-me @needs:user-credentials @needs:password @SEED-IS7-07 @SEED-IS7-18 @APIM-IS7-TOK-09 @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-USER-01
  Scenario: A user's token brings the user's own SCIM resource
    Given an access token issued to the client for the user
    When the OAuth client asks for the user's own SCIM resource
    Then the profile names the user
