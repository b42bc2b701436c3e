@grant-types @needs:admin @needs:devportal @needs:resident @needs:fresh-issuer @connector:custom
Feature: Exchanging tokens of others at the resident key manager
  A key manager whose tokens may be exchanged is all that its issuer needs to be trusted: a sound token of it is worth a
  token of the platform's own, for the same subject.

  Rule: A sound token of a trusted issuer is exchanged

    @extended @SEED-KM-24 @APIM-TX-15 @APIM-TX-16 @DEF-SEED-KM-35 @DEF-SEED-TX-01 @needs:publisher @needs:gateway
    Scenario Outline: A token is exchanged that is verified by the <keys> of its key manager
      Given a key manager "acme" at a custom server with
        | token type | BOTH    |
        | alias      | traders |
        | <keys>     | <value> |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials", subscribed to the API "orders"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then a token is granted
      And the granted token is of the type "at+jwt"
      And the granted token says "alice" as the claim "sub"
      And "orders" accepts the token

      @APIM-TX-01
      Examples:
        | keys        | value |
        | certificate | PEM   |

      @APIM-TX-02
      Examples:
        | keys    | value       |
        | key set | /jwks |

    @extended @SEED-KM-24 @APIM-TX-04 @DEF-SEED-TX-01
    Scenario: An exchanged token is for the subject of the token it was exchanged for
      Given a key manager "acme" at a custom server with
        | token type | BOTH    |
        | alias      | traders |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then a token is granted
      And the granted token says "alice" as the claim "sub"

    @extended @SEED-KM-24 @APIM-TX-05 @DEF-SEED-TX-01
    Scenario: A claim of several values is a list in the exchanged token, too
      Given a key manager "acme" at a custom server with
        | token type | BOTH    |
        | alias      | traders |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      When "shop" exchanges, for the scope "openid profile email groups", a token of "acme" for the audience "traders" that lists its groups
      Then a token is granted
      And the granted token lists "red, green, blue" as the claim "groups"
      And the granted token says "wonder" as the claim "preferred_username"

    @extended @APIM-JWT-14 @DEF-SEED-TX-01 @DEF-SEED-KM-35 @needs:publisher @needs:gateway @needs:deployment
    Scenario: An exchanged token is an access token where every token has to say that it is one
      Given the platform demands of every token that it says it is an access token
      And a key manager "acme" at a custom server with
        | token type | BOTH    |
        | alias      | traders |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials", subscribed to the API "orders"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then the granted token says "alice" as the claim "sub"
      And "orders" accepts the token

  Rule: Anything else is refused

    @extended @negative @SEED-KM-24 @DEF-SEED-TX-01
    Scenario Outline: A token <flaw> is not exchanged
      Given a key manager "acme" at a custom server with
        | token type  | BOTH    |
        | alias       | traders |
        | certificate | PEM     |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      When "shop" exchanges a token of "acme" for the audience "traders" <flaw>
      Then the token request is refused as "invalid_request"

      @APIM-TX-06
      Examples:
        | flaw             |
        | that has expired |

      @APIM-TX-07
      Examples:
        | flaw                      |
        | whose claims were altered |

      @APIM-TX-10
      Examples:
        | flaw                      |
        | that names another issuer |

    @extended @negative @SEED-KM-24 @APIM-TX-08 @DEF-SEED-TX-01
    Scenario: An exchange of nothing is refused
      Given the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      When "shop" exchanges no token at all
      Then the token request is refused as "invalid_request"

    @extended @negative @SEED-KM-24 @APIM-TX-09 @DEF-SEED-TX-01 @DEF-SEED-RES-08
    Scenario: An application that did not choose the exchange has nothing exchanged
      Given a key manager "acme" at a custom server with
        | token type | BOTH    |
        | alias      | traders |
      And the application "shop" with keys at the resident key manager for the grant types "client_credentials"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then the token request is refused as "unauthorized_client"

    @extended @negative @SEED-KM-24 @APIM-TX-15 @DEF-SEED-TX-03 @needs:tenants
    Scenario: An issuer that another tenant trusts is not trusted
      Given the authorization server "acme", which is a custom server
      And another tenant with a key manager "acme" with
        | token type | BOTH    |
        | alias      | traders |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then the token request is refused as "invalid_request"

    @extended @negative @SEED-KM-24 @APIM-TX-13 @DEF-SEED-DEP-02 @needs:deployment
    Scenario: Nothing is exchanged where the exchange is switched off
      Given the platform does not serve the grant "token_exchange"
      And the application "shop" with keys at the resident key manager
      When "shop" exchanges no token at all
      Then the token request is refused as "unsupported_grant_type"
      And the refusal says "Unsupported grant_type value"

  Rule: A certificate counts as it is now

    @extended @negative @SEED-KM-24 @APIM-TX-11 @DEF-SEED-TX-02
    Scenario: A key manager whose certificate is none is not trusted
      Given the authorization server "acme", which is a custom server
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      When the administrator adds a key manager "acme" at a custom server with
        | token type  | BOTH                  |
        | alias       | traders               |
        | certificate | no certificate at all |
      Then the request is refused as malformed
      And the key manager "acme" is not listed
      And "shop" cannot exchange a token of "acme" for the audience "traders"

    @extended @negative @SEED-KM-24 @APIM-TX-12 @DEF-SEED-TX-01
    Scenario: A token is not exchanged whose key manager has a certificate of before
      Given a key manager "acme" at a custom server with
        | token type  | BOTH                    |
        | alias       | traders                 |
        | certificate | PEM of another key pair |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then the token request is refused as "invalid_request"

    @extended @SEED-KM-24 @APIM-TX-12 @DEF-SEED-TX-01
    Scenario Outline: A token is exchanged once its key manager has <keys> again
      Given a key manager "acme" at a custom server with
        | token type  | BOTH                    |
        | alias       | traders                 |
        | certificate | PEM of another key pair |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      And the administrator has changed the <member> of "acme" to "<value>"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then a token is granted
      And the granted token says "alice" as the claim "sub"

      Examples:
        | keys                  | member      | value       |
        | its key set           | key set     | /jwks |
        | the right certificate | certificate | PEM         |
