@resilience @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer
Feature: Authorization servers that cannot prove who they are
  The platform speaks to an authorization server over TLS, and to nobody whose certificate it cannot trust.

  Rule: Nothing is entrusted to an unproven server

    @core @negative @SEED-IS7-09 @DEF-149 @connector:is7
    Scenario Outline: No client is registered at a server whose certificate <flaw>
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop"
      And the authorization server "acme" presents a certificate that <flaw>
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the authorization server cannot be reached
      And the developer sees no keys of "shop" at "acme"
      And "acme" received no registration request

      Examples:
        | flaw                        |
        | has expired                 |
        | is for another name         |
        | nobody else signed          |
        | an unknown authority signed |

  Rule: Nothing an unproven server says is believed

    @core @negative @SEED-IS7-09 @DEF-149 @connector:custom
    Scenario Outline: No key is taken from a server whose certificate <flaw>
      Given the authorization server "acme", which is a custom server
      And the authorization server "acme" presents a certificate that <flaw>
      And a key manager "acme" at a custom server
      And an API "orders"
      When the API consumer calls "orders" with a token of an unmapped client of "acme"
      Then the call is refused because the credentials are invalid
      And "acme" received no key set request

      Examples:
        | flaw                        |
        | has expired                 |
        | is for another name         |
        | nobody else signed          |
        | an unknown authority signed |
