@token-validation @serial @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer @needs:opaque-tokens
Feature: Validating opaque tokens
  An opaque token says nothing by itself: token handling rules tell whose it is, and that server is asked.
  The resident key manager claims tokens of the same form, so it is off, as the documents have it.

  Background:
    Given the administrator has disabled the resident key manager

  Rule: The authorization server has the last word on an opaque token

    @core @smoke @SEED-IS-06 @SEED-IS-23 @SEED-KM-17 @DEF-146 @DEF-SEED-GW-05 @DEF-SEED-KM-23 @connector:is7
    Scenario: An active opaque token reaches the backend
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call
      And "acme" received an introspection request

    @core @negative @SEED-IS-23 @SEED-KM-17 @DEF-SEED-GW-05 @DEF-SEED-GW-11 @connector:is7
    Scenario: An opaque token that nobody issued is refused
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with the token "00000000-0000-4000-8000-000000000000"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend
      And "acme" received an introspection request

    @core @negative @SEED-IS-08 @SEED-KM-27/revocation @DEF-SEED-GW-11 @connector:is7
    Scenario: An opaque token that was revoked before its first use is refused
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And the token was revoked at "acme"
      When the API consumer calls "orders" with the token
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @SEED-KM-17 @DEF-091 @connector:is7
    Scenario: A second call with an opaque token does not ask again
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the API consumer calls "orders" with the token
      Then the backend answers the call
      And "acme" saw no request during the call

    @core @negative @OAUTH-7662-4-b @DEF-089 @needs:clock @connector:is7
    Scenario: An answer that calls a token active beyond its own expiry is not believed
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "acme" calls the token active until 10 seconds ago
      When the API consumer calls "orders" with the token
      Then the call is refused because the credentials are invalid

    @core @negative @DEF-088 @needs:clock @connector:is7
    Scenario: A remembered answer counts no longer than the expiry in it
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token, which "acme" called active for 5 more seconds
      And 10 seconds have passed
      When the API consumer calls "orders" with the token
      Then the call is refused because the credentials are invalid

    @core @negative @OAUTH-7662-4-b @DEF-SEED-GW-11 @needs:clock @connector:is7
    Scenario: An answer in the name of another issuer is not believed
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "acme" calls the token active in the name of another issuer
      When the API consumer calls "orders" with the token
      Then the call is refused because the credentials are invalid

    @core @negative @SEED-KM-17 @DEF-088 @needs:clock @connector:is7
    Scenario: A remembered opaque token is refused once it has expired
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      And two hours have passed
      When the API consumer calls "orders" with the token
      Then the call is refused because the credentials are invalid

    @extended @negative @SEED-KM-27/revocation @APIM-INT-02 @DEF-088 @needs:clock @connector:is7
    Scenario: A remembered opaque token that its server revoked without a word is refused after a while
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      And the token was revoked at "acme"
      When 20 seconds pass
      Then "orders" refuses the token as unauthenticated

    @core @negative @SEED-KM-17 @DEF-082 @connector:is7
    Scenario: An opaque token of an unsubscribed application is refused
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And an API "orders"
      And the application "shop" with keys at "acme"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the call is refused because there is no subscription
      And the call did not reach the backend

  Rule: Token handling options tell whose token it is

    @core @SEED-IS-25 @SEED-KM-17 @DEF-SEED-GW-14 @connector:is7
    Scenario: An opaque token goes to the key manager whose expression it matches
      Given a key manager "globex" at WSO2 Identity Server 7 that issues opaque tokens with
        | token handling | REFERENCE [a-z]+ |
      And a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call
      And "globex" received no introspection request

    @core @SEED-IS-06 @SEED-IS-23 @SEED-IS-25 @SEED-KM-17 @DEF-SEED-GW-05 @connector:is
    Scenario: An opaque token of WSO2 Identity Server opens the API that its application is subscribed to
      Given a key manager "acme" at WSO2 Identity Server that issues opaque tokens
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call
      And "acme" received an introspection request

    @core @SEED-IS-25 @connector:is
    Scenario Outline: A token that looks like a UUID of <form> is <attributed> to WSO2 Identity Server
      Given a key manager "acme" at WSO2 Identity Server that issues opaque tokens
      And an API "orders"
      When the API consumer calls "orders" with the token "<token>"
      Then the call is refused because the credentials are invalid
      And "acme" received <asked>

      @DEF-SEED-GW-05
      Examples:
        | form            | attributed     | token                                | asked                    |
        | version 1       | attributed     | 6fa459ea-ee8a-1ca4-894e-db77e160355e | an introspection request |
        | version 2       | attributed     | 6fa459ea-ee8a-2ca4-994e-db77e160355e | an introspection request |
        | version 3       | attributed     | 6fa459ea-ee8a-3ca4-a94e-db77e160355e | an introspection request |
        | version 4       | attributed     | 6fa459ea-ee8a-4ca4-b94e-db77e160355e | an introspection request |
        | version 5       | attributed     | 6FA459EA-EE8A-5CA4-894E-DB77E160355E | an introspection request |

      @DEF-SEED-GW-14
      Examples:
        | form            | attributed     | token                                | asked                    |
        | version 7       | not attributed | 6fa459ea-ee8a-7ca4-894e-db77e160355e | no introspection request |
        | another variant | not attributed | 6fa459ea-ee8a-4ca4-c94e-db77e160355e | no introspection request |

    @core @negative @SEED-IS-25 @DEF-061 @connector:is7
    Scenario: An expression matches the whole token or not at all
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with the token "1_00000000-0000-4000-8000-000000000000"
      Then the call is refused because the credentials are invalid
      And "acme" received no introspection request

    @core @SEED-IS-27 @connector:is7
    Scenario Outline: A custom pattern by <matcher> attributes a token to its key manager
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens with
        | token handling | CUSTOM <pattern> |
      And an API "orders"
      When the API consumer calls "orders" with the token "acme-unknown-token"
      Then the call is refused because the credentials are invalid
      And "acme" received <asked>

      @DEF-SEED-GW-05
      Examples:
        | matcher            | pattern              | asked                    |
        | prefix             | prefix:acme-         | an introspection request |
        | suffix             | suffix:-token        | an introspection request |
        | regular expression | regex:acme-[a-z-]+   | an introspection request |

      @DEF-SEED-GW-14
      Examples:
        | matcher            | pattern              | asked                    |
        | another prefix     | prefix:globex-       | no introspection request |

    @core @negative @SEED-IS-24 @DEF-SEED-GW-12
    Scenario: Validation by introspection asks for token handling options
      When the administrator adds a key manager "acme" at WSO2 Identity Server 7 with
        | token validation | introspection |
        | token handling   | REFERENCE     |
      Then the request is refused because a required setting is missing
      And there is no key manager "acme"

    @core @SEED-IS-24 @DEF-SEED-GW-24 @connector:is7
    Scenario: Where nothing is said about token handling the documented form of opaque tokens holds
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens with
        | token handling | (none) |
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call

    @extended @negative @SEED-IS-27 @DEF-SEED-GW-12
    Scenario: A custom pattern with an unknown matcher is refused
      When the administrator adds a key manager "acme" at WSO2 Identity Server 7 with
        | token validation | introspection            |
        | token handling   | CUSTOM soundex:something |
      Then the request is refused as malformed
      And there is no key manager "acme"

    @core @negative @SEED-OOB-13 @DEF-SEED-GW-14 @connector:custom
    Scenario: An opaque token never makes an out-of-band key manager introspect
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with the token "00000000-0000-4000-8000-000000000000"
      Then the call is refused because the credentials are invalid
      And "acme" received no introspection request

  Rule: Rules tell whose an opaque token is

    @core @negative @SEED-IS-06 @DEF-061 @connector:is7
    Scenario: A pattern has to match the whole token
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And a key manager "globex" at WSO2 Identity Server 7 that issues opaque tokens with
        | token handling | REFERENCE 1_[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-5][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12} |
      And an API "orders"
      When the API consumer calls "orders" with the token "1_6ba7b810-9dad-41d1-80b4-00c04fd430c8"
      Then the call is refused because the credentials are invalid
      And "globex" received an introspection request
      And "acme" received no introspection request

    @core @negative @SEED-IS-06 @DEF-062 @connector:is7
    Scenario: A key manager without rules leaves to others what their rules match
      Given a key manager "acme" at WSO2 Identity Server 7
      And a key manager "globex" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "globex", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "globex"
      Then the backend answers the call
      And "acme" received no introspection request

  Rule: What holds for other tokens holds for opaque ones

    @core @negative @SEED-KM-27/revocation @DEF-087 @connector:is7
    Scenario: An opaque token in use is refused once its server has announced the revocation
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the authorization server "acme" announces the revocation of the token
      Then "orders" comes to refuse the token as unauthenticated

    @core @negative @DEF-090 @connector:is7
    Scenario: A remembered opaque token opens no operation whose scope it lacks
      Given a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And an API "ledger" that needs the scope "ledger-write", to which "shop" is subscribed
      And the API consumer holds a token of "shop" from "acme", which "orders" has accepted
      When the API consumer calls "ledger" with the token
      Then the call is refused because the scope is missing
      And the call did not reach the backend
