@token-endpoint @needs:private-key-jwt @needs:dcr
Feature: Clients that prove themselves with a signature
  A client signs a short statement instead of sending a secret; it is for one server, and for one time.

  Background:
    Given a client registered for assertions that it signs

  @core @OAUTH-7523-3-e @DEF-121 @DEF-SEED-AS-REFRESH-02 @DEF-SEED-AS-TOKEN-02
  Scenario: An assertion of the client brings a token
    When the registered client asks for a token with an assertion
    Then a token is issued
    And the answer is served as JSON

  @extended @negative @OAUTH-7523-3-f @DEF-121 @DEF-123 @DEF-SEED-AS-REFRESH-02
  Scenario: An assertion works once
    When the registered client asks for tokens with one assertion twice
    Then no token is issued
    And the error is "invalid_client" with status 400 or 401

  @core @negative @OAUTH-7523-3-b @OAUTH-7523-3.2-a @DEF-124
  Scenario: An assertion made for another server is refused
    When the registered client asks for a token with an assertion made for another server
    Then no token is issued
    And the error is "invalid_client" with status 400 or 401

  @extended @negative @OAUTH-7523-3-b @DEF-124
  Scenario: An assertion made for this server and another is refused
    When the registered client asks for a token with an assertion made for this server and another
    Then no token is issued
    And the error is "invalid_client" with status 400 or 401
