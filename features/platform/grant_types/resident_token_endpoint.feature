@grant-types @needs:devportal @needs:resident @connector:resident
Feature: Asking the resident key manager for tokens
  The token endpoint of the platform speaks OAuth 2.0: who may have which token, and how a refusal is said.

  Background:
    Given the application "shop" with keys at the resident key manager

  Rule: A token answer says what was granted

    @core @OAUTH-6749-5.1-a @SEED-KM-22 @SEED-KM-06/oauth2 @DEF-SEED-RES-01
    Scenario: A granted token comes with its type and its life in seconds
      When the API consumer requests a token of "shop" from the resident key manager by client credentials
      Then a token is granted
      And the token answer names the type Bearer
      And the life of the token is between 1 second and 1 day

    @core @OAUTH-6749-5.1-b @DEF-SEED-RES-09
    Scenario: A token answer is not to be stored
      When the API consumer requests a token of "shop" from the resident key manager by client credentials
      Then a token is granted
      And the token answer forbids storing

    @core @OAUTH-6749-4.4.3-a @DEF-SEED-RES-02
    Scenario: No refresh token comes with client credentials
      When the API consumer requests a token of "shop" from the resident key manager by client credentials
      Then a token is granted
      And no refresh token is granted

    @core @SEED-KM-23 @DEF-066
    Scenario: The key that a token names is published
      When the API consumer requests a token of "shop" from the resident key manager by client credentials
      Then a token is granted
      And the token names a key of the resident key set

    @extended @DEF-065
    Scenario: The thumbprint in a token is that of the published key
      When the API consumer requests a token of "shop" from the resident key manager by client credentials
      Then a token is granted
      And the thumbprint in the token is that of the key it names

    @core @SEED-KM-23 @APIM-TOK-01 @DEF-SEED-RES-18
    Scenario: A password brings a self-contained token
      When the API consumer requests a token of "shop" from the resident key manager by password
      Then a token is granted
      And the token names a key of the resident key set

    @core @SEED-KM-27/refresh @DEF-SEED-RES-03
    Scenario: A refresh token comes with a password
      When the API consumer requests a token of "shop" from the resident key manager by password
      Then a token is granted
      And a refresh token is granted

    @core @SEED-KM-30/scopes @DEF-SEED-RES-04 @APIM-TOK-16
    Scenario: The requested scope is granted to its application
      When the API consumer requests a token of "shop" from the resident key manager by client credentials for the scope "orders-read"
      Then a token is granted
      And the granted scope is "orders-read"

  Rule: A refusal names its reason and grants nothing

    @core @negative @OAUTH-6749-5.2-c @OAUTH-6749-3.2.1-a @DEF-SEED-RES-05 @APIM-TOK-13
    Scenario: A wrong client secret is refused with a challenge
      When the API consumer requests a token of "shop" from the resident key manager with a wrong secret
      Then the token request is refused as "invalid_client"
      And the refusal says "Client credentials are invalid."
      And the refusal challenges for Basic credentials

    @core @negative @OAUTH-6749-5.2-a @DEF-SEED-RES-06
    Scenario: A wrong password is refused
      When the API consumer requests a token of "shop" from the resident key manager with a wrong password
      Then the token request is refused as "invalid_grant"

    @core @negative @OAUTH-6749-10.4-a @DEF-SEED-RES-08
    Scenario: A refresh token that nobody issued is refused
      When the API consumer requests a token of "shop" from the resident key manager with an unheard-of refresh token
      Then the token request is refused as "invalid_grant"

    @core @negative @OAUTH-6749-5.2-f @DEF-SEED-RES-08
    Scenario: An unknown grant type is refused
      When the API consumer requests a token of "shop" from the resident key manager by the grant type "telepathy"
      Then the token request is refused as "unsupported_grant_type"

    @core @negative @OAUTH-6749-5.2-g @DEF-SEED-RES-08
    Scenario: A grant type that the application did not choose is refused
      Given the application "limited" with keys at the resident key manager for the grant types "client_credentials"
      When the API consumer requests a token of "limited" from the resident key manager by password
      Then the token request is refused as "unauthorized_client"

    @core @negative @OAUTH-6749-6-a @DEF-SEED-RES-07
    Scenario: A refresh token serves only the client that it was issued to
      Given the application "rival" with keys at the resident key manager
      And the API consumer holds a token of "shop" from the resident key manager by password
      When "rival" renews the token
      Then the token request is refused as "invalid_grant"

    @extended @negative @OAUTH-6749-5.2-a @DEF-SEED-RES-19
    Scenario Outline: A life of <seconds> seconds is refused
      When the API consumer requests a token of "shop" from the resident key manager for a life of "<seconds>" seconds
      Then the token request is refused as "invalid_request"

      Examples:
        | seconds              |
        | -1                   |
        | many                 |
        | 18446744073709551615 |

  Rule: What was issued can be asked about

    @core @OAUTH-7662-2.2-a @SEED-KM-04/validation @DEF-SEED-RES-10 @APIM-INT-06
    Scenario: A live token introspects as active
      Given the API consumer holds a token of "shop" from the resident key manager
      When the token is introspected at the resident key manager
      Then the introspected token is active
      And the introspection names the client of "shop"

    @core @negative @OAUTH-7662-2.2-b @OAUTH-7009-2.1-c @SEED-KM-04/revocation @DEF-SEED-RES-12 @APIM-INT-06
    Scenario: A revoked token introspects as inactive and says nothing else
      Given the API consumer holds a token of "shop" from the resident key manager
      And the token was revoked at the resident key manager
      When the token is introspected at the resident key manager
      Then the introspected token is inactive
      And the introspection says nothing else

    @core @negative @OAUTH-7662-2.3-a @DEF-SEED-RES-11
    Scenario: A stranger may not introspect
      Given the API consumer holds a token of "shop" from the resident key manager
      When a stranger introspects the token at the resident key manager
      Then the request is refused as unauthenticated
