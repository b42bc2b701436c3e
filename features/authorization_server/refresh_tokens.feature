@token-endpoint @needs:refresh-token
Feature: Refresh tokens that are replaced when they are used
  A stolen refresh token shows when both the thief and the client use it, and then serves neither.

  @core @OAUTH-6749-6-c @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-02 @DEF-SEED-AS-REFRESH-04 @DEF-SEED-AS-TOKEN-09
  Scenario: A refresh brings an access token of its own
    Given a refresh token issued to the client
    When the OAuth client asks for a token with the refresh token
    Then a token is issued
    And the access token is another one

  @extended @OAUTH-6749-6-c @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-02 @DEF-SEED-AS-REFRESH-08
  Scenario: A refresh for less leaves the next refresh all that was granted
    Given an access token issued to the client for the user
    And the refresh token was used for a token of "openid"
    When the OAuth client asks for a token of "openid profile" with the refresh token
    Then a token is issued
    And the scope "profile" is granted

  @core @negative @OAUTH-6749-10.4-a @DEF-115 @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-02
  Scenario: A refresh token that was replaced brings nothing
    Given a refresh token that was used, and replaced by another
    When the OAuth client asks for a token with the refresh token that was replaced
    Then no token is issued
    And the error is "invalid_grant" with status 400

  @extended @negative @needs:introspection @OAUTH-6749-10.4-a @DEF-115 @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-02 @DEF-SEED-AS-REFRESH-03
  Scenario: Using a refresh token that was replaced ends what came of it
    Given a refresh token that was used, and replaced by another
    When the OAuth client asks for a token with the refresh token that was replaced
    Then introspection says that the last token is inactive

  @core @negative @OAUTH-6749-10.4-a @DEF-114 @DEF-115 @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-02
  Scenario: Of several refreshes at once only one succeeds
    Given a refresh token that was used, and replaced by another
    When the OAuth client asks for a token with the last refresh token 6 times at once
    Then exactly one of them brings a token

  @extended @needs:server-controls @OAUTH-6749-10.4-a @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-02
  Scenario: A client that never got the new refresh token goes on with the old one in its time of grace
    Given the server lets a refresh token be used 2 more times within 30 seconds after it was replaced
    And a refresh token that was used, and replaced by another
    When the OAuth client asks for a token with the refresh token that was replaced
    Then a token is issued
    And the access token is another one

  @extended @negative @needs:server-controls @needs:clock @OAUTH-6749-10.4-a @DEF-SEED-AS-REFRESH-05
  Scenario: After its time of grace a refresh token that was replaced brings nothing
    Given the server lets a refresh token be used 2 more times within 30 seconds after it was replaced
    And a refresh token that was used, and replaced by another
    And 31 seconds have passed
    When the OAuth client asks for a token with the refresh token that was replaced
    Then no token is issued
    And the error is "invalid_grant" with status 400

  @extended @negative @needs:server-controls @OAUTH-6749-10.4-a @DEF-SEED-AS-REFRESH-06
  Scenario: A refresh token that was replaced is used again as often as the server lets it be, and no more
    Given the server lets a refresh token be used 1 more time within 60 seconds after it was replaced
    And a refresh token that was used, and replaced by another
    And the refresh token that was replaced was used again
    When the OAuth client asks for a token with the refresh token that was replaced
    Then no token is issued
    And the error is "invalid_grant" with status 400

  @extended @negative @needs:server-controls @OAUTH-6749-10.4-a @DEF-SEED-AS-REFRESH-07
  Scenario: Whoever uses the new refresh token ends the time of grace of the old one
    Given the server lets a refresh token be used 2 more times within 30 seconds after it was replaced
    And a refresh token that was used, and replaced by another
    And the refresh token that took its place was used
    When the OAuth client asks for a token with the refresh token that was replaced
    Then no token is issued
    And the error is "invalid_grant" with status 400
