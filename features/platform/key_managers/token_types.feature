@key-managers @needs:admin
Feature: What the tokens of a key manager are good for
  Tokens of a key manager are used at the gateway as they are, or exchanged for tokens of the resident key manager first,
  or either. Where they are only exchanged the platform has no clients there.

  Rule: The token type is kept

    @extended @SEED-KM-24 @DEF-SEED-KM-31
    Scenario Outline: The token type <kind> is kept
      Given a described key manager "acme" at a custom server
      When the administrator changes the token type of "acme" to "<kind>"
      Then the request is granted
      And the token type of "acme" is "<kind>"

      Examples:
        | kind      |
        | EXCHANGED |
        | BOTH      |

    @extended @APIM-TT-01 @APIM-TT-02 @DEF-SEED-KM-31
    Scenario Outline: The token type <kind> is kept from the beginning
      When the administrator adds a key manager "acme" at a custom server with
        | token type | <kind> |
      Then the request is granted
      And the answer gives "<kind>" as the token type of "acme"
      And the token type of "acme" is "<kind>"

      Examples:
        | kind      |
        | EXCHANGED |
        | BOTH      |

    @extended @APIM-TT-03
    Scenario Outline: The token type <before> becomes <after>
      Given a described key manager "acme" at a custom server with
        | token type | <before> |
      When the administrator changes the token type of "acme" to "<after>"
      Then the request is granted
      And the token type of "acme" is "<after>"

      @DEF-SEED-KM-31
      Examples:
        | before | after     |
        | BOTH   | EXCHANGED |

      @DEF-SEED-KM-39
      Examples:
        | before    | after  |
        | EXCHANGED | DIRECT |

    @extended @APIM-TT-04 @DEF-SEED-KM-12 @connector:is7
    Scenario: A key manager whose tokens are only exchanged needs no keys to verify them
      When the administrator adds a key manager "acme" at WSO2 Identity Server 7 with
        | token type | EXCHANGED |
        | key set    | (none)    |
      Then the request is granted
      And the token type of "acme" is "EXCHANGED"

  Rule: A key manager whose tokens are only exchanged has no clients of the platform

    @extended @negative @SEED-KM-24 @DEF-SEED-KM-32 @needs:devportal @needs:fresh-issuer @connector:is7 @APIM-TT-13 @APIM-TT-14
    Scenario: A key manager whose tokens are only exchanged generates no keys
      Given a key manager "acme" at WSO2 Identity Server 7 with
        | token type | EXCHANGED |
      And the application "shop"
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the key manager does not create applications
      And the refusal says "Key Manager doesn't support generating OAuth applications"
      And "acme" received no registration request
      And the developer sees no keys of "shop" at "acme"

    @extended @negative @SEED-KM-24 @DEF-SEED-KM-32 @needs:devportal @needs:fresh-issuer @connector:custom @APIM-TT-15
    Scenario: A key manager whose tokens are only exchanged maps no clients
      Given a key manager "acme" at a custom server with
        | token type | EXCHANGED |
      And the application "shop"
      When the developer maps an existing client of "acme" to "shop"
      Then the request is refused because the key manager does not map clients
      And the refusal says "Key Manager doesn't support generating OAuth applications"
      And the developer sees no keys of "shop" at "acme"

  Rule: The gateway takes tokens as they are where that is said

    @extended @negative @SEED-KM-24 @DEF-SEED-KM-32 @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer @connector:custom @APIM-TT-07
    Scenario: Tokens come to be refused once they may only be exchanged
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And "orders" has accepted a token of "shop" from "acme"
      When the administrator changes the token type of "acme" to "EXCHANGED"
      Then "orders" comes to refuse a new token of "shop" from "acme"

    @extended @SEED-KM-24 @DEF-SEED-KM-33 @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer @connector:custom @APIM-TT-06 @APIM-TT-16
    Scenario: Tokens that may be used either way are accepted as they are
      Given a key manager "acme" at a custom server with
        | token type | BOTH |
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call

  Rule: Tokens are exchanged for those of the resident key manager where that is said

    @extended @SEED-KM-24 @DEF-SEED-KM-35 @APIM-TX-16 @needs:publisher @needs:devportal @needs:gateway @needs:resident @needs:fresh-issuer @connector:custom @APIM-TT-06
    Scenario: Tokens that may be used either way can be exchanged
      Given a key manager "acme" at a custom server with
        | token type | BOTH    |
        | alias      | traders |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials", subscribed to the API "orders"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then a token is granted
      And the granted token is of the type "at+jwt"
      And "orders" accepts the token

    @extended @SEED-KM-24 @DEF-SEED-KM-32 @APIM-TX-16 @needs:publisher @needs:devportal @needs:gateway @needs:resident @needs:fresh-issuer @connector:custom @APIM-TT-07
    Scenario: Tokens that may only be exchanged are good once they were
      Given a key manager "acme" at a custom server with
        | token type | EXCHANGED |
        | alias      | traders   |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials", subscribed to the API "orders"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then a token is granted
      And "orders" accepts the token

    @extended @negative @SEED-KM-24 @DEF-SEED-KM-36 @needs:devportal @needs:resident @needs:fresh-issuer @connector:custom @APIM-TT-09
    Scenario: Tokens that come to be used as they are are exchanged no more
      Given a key manager "acme" at a custom server with
        | token type | EXCHANGED |
        | alias      | traders   |
      And the application "shop" with keys at the resident key manager for the grant types "urn:ietf:params:oauth:grant-type:token-exchange, client_credentials"
      And the administrator has changed the token type of "acme" to "DIRECT"
      When "shop" exchanges a token of "acme" for the audience "traders"
      Then the token request is refused as "invalid_request"

    @extended @APIM-TT-09 @DEF-SEED-KM-39 @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer @connector:custom
    Scenario: Tokens that come to be used as they are are accepted again
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the administrator has changed the token type of "acme" to "EXCHANGED"
      When the administrator changes the token type of "acme" to "DIRECT"
      Then "orders" comes to accept a new token of "shop" from "acme"
