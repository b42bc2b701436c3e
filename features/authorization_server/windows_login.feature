@token-endpoint @needs:iwa-ntlm
Feature: Logging in with Windows
  The user's machine answers a challenge by NTLM, and the client gets a token without ever seeing the password.

  @core @negative @SEED-IS7-25 @DEF-SEED-AS-AUTH-02
  Scenario: A Windows login begins with a challenge
    When the OAuth client begins a Windows login
    Then no token is issued
    And the answer challenges by NTLM

  @core @SEED-IS7-25 @DEF-SEED-AS-NTLM-01 @DEF-SEED-AS-WHO-01
  Scenario: Whoever answers the challenge gets a token
    When the OAuth client asks for a token with the Windows login of the user
    Then a token is issued
    And the token is that of the user

  @extended @negative @SEED-IS7-25 @DEF-SEED-AS-NTLM-05
  Scenario: A Windows login in SPNEGO is challenged in SPNEGO
    When the OAuth client begins a Windows login in SPNEGO
    Then no token is issued
    And the answer challenges by NTLM in SPNEGO

  @extended @SEED-IS7-25 @DEF-SEED-AS-NTLM-01 @DEF-SEED-AS-WHO-01
  Scenario: Whoever answers the challenge in SPNEGO gets a token
    When the OAuth client asks for a token with the Windows login of the user in SPNEGO
    Then a token is issued
    And the token is that of the user

  @core @negative @SEED-IS7-25 @DEF-SEED-AS-NTLM-02
  Scenario: A wrong password does not answer the challenge
    When the OAuth client asks for a token with a Windows login with a wrong password
    Then no token is issued
    And the error is "invalid_grant" with status 400

  @core @negative @SEED-IS7-25 @DEF-SEED-AS-NTLM-03
  Scenario: An answer to a challenge is good once
    Given the OAuth client sent the Windows login of the user
    When the OAuth client sends the same Windows login once more
    Then no token is issued
    And the error is "invalid_grant" with status 400

  @core @negative @SEED-IS7-25 @DEF-SEED-AS-NTLM-04
  Scenario: What is no message of the protocol is an invalid grant
    When the OAuth client asks for a token with a Windows login that is none
    Then no token is issued
    And the error is "invalid_grant" with status 400
