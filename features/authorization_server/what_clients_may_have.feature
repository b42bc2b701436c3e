@token-endpoint @needs:client-credentials
Feature: What a client may have
  Scopes, grant types and the client itself are an administrator's decisions, and hold at once.

  @core @negative @needs:server-controls @OAUTH-6749-3.3-a @DEF-118
  Scenario: A scope of another client is not granted
    Given the scope "kmspec-unassigned", which the client may not have
    When the OAuth client asks for a token with the scope "kmspec-unassigned"
    Then the scope "kmspec-unassigned" is not granted

  @core @negative @needs:dcr @OAUTH-6749-5.2-g @APIM-IS7-TOK-08 @DEF-120
  Scenario: A grant type that the client was not registered for is refused
    Given a client registered for authorization codes
    When the registered client asks for a token
    Then no token is issued
    And the error is "unauthorized_client" with status 400

  @core @negative @needs:server-controls @DEF-121
  Scenario: A client that was switched off gets no token
    Given an administrator has switched the client off
    When the OAuth client asks for a token
    Then no token is issued

  @core @negative @needs:server-controls @needs:refresh-token @DEF-121 @DEF-SEED-AS-AUTH-08
  Scenario: A client that was switched off renews no token
    Given a refresh token issued to the client
    And an administrator has switched the client off
    When the OAuth client asks for a token with the refresh token
    Then no token is issued

  @core @needs:introspection @DEF-131 @DEF-SEED-AS-INTRO-03
  Scenario: A new token leaves the earlier one alive
    When the OAuth client asks for two tokens
    Then introspection says that the token is active

  @core @negative @needs:server-controls @needs:clock @needs:introspection @DEF-122 @DEF-SEED-AS-INTRO-01
  Scenario: A client's tokens end with the client's own cut-off, too
    Given the server has ended everything that was issued to anybody an hour ago
    And an access token issued to the client
    And a minute later the server has ended everything that was issued to the client
    When the OAuth client introspects the token
    Then the token is inactive, and nothing else is said

  @core @negative @needs:clock @needs:introspection @OAUTH-7662-4-a @DEF-SEED-AS-INTRO-01 @DEF-SEED-AS-INTRO-06
  Scenario: A token whose time is up is inactive
    Given an access token issued to the client
    And the lifetime of the token has passed
    When the OAuth client introspects the token
    Then the token is inactive, and nothing else is said
