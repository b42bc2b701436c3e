@token-endpoint @needs:client-credentials
Feature: The token endpoint
  What a client gets for its credentials, and what it is told when something is wrong with them.

  Rule: A client gets a token for its credentials

    @core @smoke @SEED-IS-07 @SEED-IS-15/client_credentials @SEED-IS7-16/endpoint @SEED-IS7-22 @SEED-OOB-06/token @SEED-OOB-07 @SEED-KM-04/generation @OAUTH-6749-2.3.1-a @OAUTH-6749-5.1-a @DEF-SEED-AS-TOKEN-01
    Scenario: A token answer says what it holds and for how long
      When the OAuth client asks for a token
      Then a token is issued
      And the token answer has these members:
        | member       | form            |
        | access_token | text            |
        | token_type   | text            |
        | expires_in   | positive number |

    @core @OAUTH-6749-5.1-b @DEF-126
    Scenario: A token answer is not to be cached
      When the OAuth client asks for a token
      Then a token is issued
      And the answer is not to be cached

    @core @OAUTH-6749-5.1-c @DEF-SEED-AS-TOKEN-02
    Scenario: A token answer is JSON
      When the OAuth client asks for a token
      Then a token is issued
      And the answer is served as JSON

    @core @OAUTH-6749-3.2-b @DEF-SEED-AS-REQUEST-01
    Scenario: A parameter that nobody knows does no harm
      When the OAuth client asks for a token with a parameter that nobody knows
      Then a token is issued

    @core @OAUTH-6749-10.3-a @DEF-SEED-AS-TOKEN-03 @DEF-SEED-AS-TOKEN-09
    Scenario: Every token is another one
      When the OAuth client asks for two tokens
      Then the two tokens differ

    @core @OAUTH-6749-2.3.1-b @DEF-SEED-AS-AUTH-06
    Scenario: Credentials are form-decoded after Base64
      When the OAuth client asks for a token with its credentials percent-encoded
      Then a token is issued

    @extended @OAUTH-6749-4.4.3-a @DEF-SEED-AS-TOKEN-04
    Scenario: Client credentials bring no refresh token
      When the OAuth client asks for a token
      Then a token is issued
      And the token answer has no refresh token

    @core @needs:known-scope @SEED-OOB-07 @DEF-SEED-AS-SCOPE-01
    Scenario: A scope that the client may have is granted
      When the OAuth client asks for a token with the known scope
      Then a token is issued
      And the token answer grants the known scope

  Rule: Nobody gets a token without the right credentials

    @core @smoke @negative @OAUTH-6749-3.2.1-a @DEF-SEED-AS-AUTH-01
    Scenario: A wrong secret brings no token
      When the OAuth client asks for a token with a wrong secret
      Then no token is issued
      And the answer is an error of the token endpoint

    @core @negative @OAUTH-6749-5.2-c @DEF-SEED-AS-AUTH-01 @DEF-SEED-AS-AUTH-02
    Scenario: A wrong secret is refused with a challenge
      When the OAuth client asks for a token with a wrong secret
      Then the error is "invalid_client" with status 401
      And the answer challenges for the scheme that was used

    @core @negative @OAUTH-6749-5.2-b @DEF-SEED-AS-AUTH-01
    Scenario: A wrong secret in the form is refused as well
      When the OAuth client asks for a token with a wrong secret in the form
      Then no token is issued
      And the error is "invalid_client" with status 400 or 401

    @core @negative @OAUTH-6749-3.2.1-a @OAUTH-6749-5.2-b @DEF-127
    Scenario: A client that nobody registered is refused
      When somebody asks for a token as a client that nobody registered
      Then no token is issued
      And the error is "invalid_client" with status 400 or 401

    @core @negative @OAUTH-6749-5.2-b @DEF-127
    Scenario Outline: The header <header> is refused like any wrong credentials
      When somebody asks for a token with the authorization header "<header>"
      Then no token is issued
      And the answer is an error of the token endpoint

      Examples:
        | header           |
        | Basic            |
        | Basic %%%        |
        | Basic a21zcGVj   |
        | Negotiate a21zcA |

    @core @negative @OAUTH-6749-3.2.1-a @DEF-127
    Scenario: Without credentials there is no token
      When somebody asks for a token without credentials
      Then no token is issued
      And the answer is an error of the token endpoint

    @core @negative @OAUTH-6749-2.3.1-c @DEF-SEED-AS-AUTH-04
    Scenario: Credentials in the query authenticate nobody
      When the OAuth client asks for a token with its credentials in the query
      Then no token is issued
      And the answer is an error of the token endpoint

    @extended @negative @OAUTH-6749-2.3-a @DEF-SEED-AS-AUTH-05
    Scenario: Two ways of authenticating at once are refused
      When the OAuth client asks for a token with credentials in header and form
      Then no token is issued
      And the answer is an error of the token endpoint

  Rule: A request that cannot be granted is told why

    @core @negative @OAUTH-6749-5.2-f @DEF-SEED-AS-REQUEST-02
    Scenario: A grant type that nobody knows is named as such
      When the OAuth client asks for a token with the grant type "urn:example:unheard-of"
      Then no token is issued
      And the error is "unsupported_grant_type" with status 400

    @core @negative @OAUTH-6749-5.2-a @DEF-SEED-AS-REQUEST-02
    Scenario: A request without grant type is invalid
      When the OAuth client asks for a token without a grant type
      Then no token is issued
      And the error is "invalid_request" with status 400

    @core @negative @OAUTH-6749-3.2-b @DEF-SEED-AS-REQUEST-03
    Scenario: A parameter sent twice is refused
      When the OAuth client asks for a token naming its grant type twice
      Then no token is issued
      And the error is "invalid_request" with status 400

    @core @negative @OAUTH-6749-3.2-a @DEF-SEED-AS-REQUEST-04
    Scenario: GET brings no token
      When the OAuth client asks for a token by GET
      Then no token is issued

    @core @negative @OAUTH-6749-3.3-a @SEED-KM-30/scopes @DEF-119
    Scenario: A scope that nobody knows is not granted
      When the OAuth client asks for a token with a scope that nobody knows
      Then that scope is not granted

    @core @OAUTH-6749-5.2-e @DEF-SEED-AS-REQUEST-02 @DEF-SEED-AS-TOKEN-05
    Scenario: The texts of an error keep to the characters that are allowed
      When the OAuth client asks for a token with the grant type 'urn:example:"quoted"\é'
      Then no token is issued
      And the texts of the error keep to the characters that are allowed

    @extended @OAUTH-6749-5.1-b @DEF-126 @DEF-SEED-AS-REQUEST-02
    Scenario: An error answer is not to be cached either
      When the OAuth client asks for a token with the grant type "urn:example:unheard-of"
      Then no token is issued
      And the answer forbids storing it

  Rule: A user's password is exchanged for a token

    @core @needs:password @SEED-IS7-21 @SEED-KM-29/password @DEF-SEED-AS-AUTH-08
    Scenario: A user's name and password bring a token
      When the OAuth client asks for a token with the user's password
      Then a token is issued

    @core @needs:introspection @needs:password @needs:server-controls @SEED-IS7-21 @DEF-SEED-AS-WHO-01
    Scenario: A user's name and password bring a token of that user
      When the OAuth client asks for a token with the user's password
      Then the token is that of the user

    @core @negative @needs:password @OAUTH-6749-5.2-a @OAUTH-6749-5.2-b @DEF-SEED-AS-AUTH-07
    Scenario: A wrong password is an invalid grant
      When the OAuth client asks for a token with a wrong password of the user
      Then no token is issued
      And the error is "invalid_grant" with status 400

  Rule: A refresh token renews a token, for its client only

    @core @needs:refresh-token @SEED-IS-15/refresh_token @SEED-IS7-23 @SEED-KM-04/renewal @SEED-KM-27/refresh @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-02
    Scenario: A refresh token brings a new access token
      Given a refresh token issued to the client
      When the OAuth client asks for a token with the refresh token
      Then a token is issued

    @core @negative @needs:refresh-token @OAUTH-6749-10.4-a @DEF-116
    Scenario: A made-up refresh token is an invalid grant
      When the OAuth client asks for a token with a made-up refresh token
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @core @negative @needs:refresh-token @needs:other-client @OAUTH-6749-6-a @DEF-SEED-AS-AUTH-08 @DEF-SEED-AS-REFRESH-01
    Scenario: Another client gets nothing for a refresh token
      Given a refresh token issued to the client
      When the other client asks for a token with the refresh token
      Then no token is issued
      And the error is "invalid_grant" with status 400

    @core @negative @needs:refresh-token @OAUTH-6749-6-b @DEF-117 @DEF-SEED-AS-AUTH-08
    Scenario: Refreshing does not widen the scope
      Given a refresh token issued to the client
      When the OAuth client asks for a token with the refresh token and a scope that nobody knows
      Then that scope is not granted
