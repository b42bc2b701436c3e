@token-endpoint @needs:authorization-code
Feature: Authorization codes
  A user agrees in a browser, and the client redeems the code that comes back for a token.

  Rule: A code is redeemed by the client it was issued to

    @core @SEED-IS7-27/plain @SEED-IS-10/served @SEED-IS-15/authorization_code @SEED-KM-29/authorization_code @DEF-SEED-AS-CODE-08
    Scenario: A user's consent brings a code, and the code a token
      Given a code issued to the client for the user
      When the OAuth client redeems the code
      Then a token is issued

    @core @needs:introspection @SEED-KM-29/authorization_code @DEF-SEED-AS-WHO-01
    Scenario: A code brings a token of the user who agreed
      Given a code issued to the client for the user
      When the OAuth client redeems the code
      Then the token is that of the user

    @core @negative @needs:other-client @OAUTH-6749-4.1.2-c @OAUTH-6749-4.1.3-b @DEF-SEED-AS-CODE-04
    Scenario: Another client gets nothing for a code
      Given a code issued to the client for the user
      When the other client redeems the code
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @core @negative @OAUTH-6749-4.1.2-c @OAUTH-6749-4.1.3-a @DEF-SEED-AS-CODE-02
    Scenario: A code is not redeemed under another redirect URI
      Given a code issued to the client for the user
      When the OAuth client redeems the code naming another redirect URI
      Then no token is issued
      And the error is "invalid_grant" with status 400

  Rule: A code works once, and not for long

    @core @negative @OAUTH-6749-4.1.2-b @OAUTH-6749-10.5-a @DEF-SEED-AS-CODE-01
    Scenario: A code is redeemed once
      Given a code issued to the client for the user
      When the OAuth client redeems the code a second time
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @extended @negative @needs:introspection @OAUTH-6749-4.1.2-b @DEF-SEED-AS-CODE-01 @DEF-SEED-AS-CODE-03
    Scenario: A code used twice ends the token that it brought
      Given a code issued to the client for the user
      When the OAuth client redeems the code a second time
      Then introspection says that the token is inactive

    @core @negative @needs:clock @OAUTH-6749-4.1.2-a @OAUTH-6749-10.5-a @DEF-SEED-AS-CODE-05
    Scenario: A code has ended after eleven minutes
      Given a code issued to the client for the user
      When 11 minutes pass and the OAuth client redeems the code
      Then no token is issued
      And the error is "invalid_grant" with status 400

  Rule: With a challenge a stolen code is worth nothing

    @core @SEED-IS7-27/pkce @OAUTH-7636-4.2-a @DEF-SEED-AS-CODE-07
    Scenario: A code with a challenge is redeemed with its verifier
      Given a code with a challenge issued to the client for the user
      When the OAuth client redeems the code with its verifier
      Then a token is issued

    @core @negative @OAUTH-7636-4.6-a @DEF-SEED-AS-CODE-06
    Scenario: Another verifier brings no token
      Given a code with a challenge issued to the client for the user
      When the OAuth client redeems the code with another verifier
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @core @negative @OAUTH-7636-4.4-a @OAUTH-7636-4.6-b @DEF-125
    Scenario: A code with a challenge is not redeemed without its verifier
      Given a code with a challenge issued to the client for the user
      When the OAuth client redeems the code
      Then no token is issued

  Rule: What the browser brings back is for the client alone

    @core @OAUTH-6749-4.1.2-d @DEF-SEED-AS-CODE-09
    Scenario: The state comes back as it was sent
      When the user logs in and agrees
      Then the browser comes back with the state that was sent

    @core @negative @OAUTH-6749-3.1.2.3-a @OAUTH-6749-3.1.2.4-a @OAUTH-6749-4.1.2.1-a @DEF-SEED-AS-CODE-10
    Scenario: Nobody is sent to an address that the client never registered
      When the user is asked for a code that goes to an address which the client never registered
      Then the browser is never sent there

    @core @negative @OAUTH-6749-3.1.1-a @OAUTH-6749-4.1.2.1-b @DEF-SEED-AS-CODE-11
    Scenario: A response type that nobody knows is an authorization error
      When the user is asked for a code in a response type that nobody knows
      Then the browser comes back with the error "unsupported_response_type" or "invalid_request"

    @core @negative @OAUTH-7636-4.4.1-b @DEF-SEED-AS-CODE-12
    Scenario: A challenge method that nobody knows is an authorization error
      When the user is asked for a code with a challenge of a method that nobody knows
      Then the browser comes back with the error "invalid_request" or "invalid_request"
