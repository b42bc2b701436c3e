@token-validation @needs:gateway
Feature: The request around a token
  A call brings one credential in one place. What the backend learns about the caller comes from the gateway alone.

  Rule: One credential, in its one place

    @core @negative @OAUTH-6750-2-a @DEF-068
    Scenario Outline: Two credentials are refused, <first> one first
      Given an API that trusts the issuer "acme"
      When the API consumer calls the API with a token of "acme" and a broken one, <first> one first
      Then the call stays before the backend
      And the call did not reach the backend

      Examples:
        | first      |
        | the sound  |
        | the broken |

    @core @negative @DEF-075
    Scenario Outline: A path with <spelling> does not lead past the check
      Given an API that trusts the issuer "acme"
      When the API consumer calls the API without a token in the spelling "<spelling>"
      Then the call stays before the backend
      And the call did not reach the backend

      Examples:
        | spelling          |
        | a doubled slash   |
        | a trailing slash  |
        | a dot segment     |
        | two dot segments  |
        | escaped dots      |
        | an escaped slash  |
        | an escaped letter |
        | a path parameter  |

  Rule: The backend sees what the gateway says

    Background:
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"

    @core @negative @needs:admin @needs:publisher @needs:devportal @needs:fresh-issuer @DEF-SEED-GW-01
    Scenario: The token is not handed on to the backend
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call
      And the backend saw no "Authorization" header

    @core @negative @needs:admin @needs:publisher @needs:devportal @needs:fresh-issuer @DEF-070
    Scenario: What a client says about its user does not reach the backend
      When the API consumer calls "orders" with a token of "shop" from "acme" and says "I-am-root" in the header "X-JWT-Assertion"
      Then the backend answers the call
      And the backend did not see "I-am-root"

    @extended @negative @needs:admin @needs:publisher @needs:devportal @needs:fresh-issuer @DEF-071
    Scenario: What a client says about its user under a similar name does not reach the backend
      When the API consumer calls "orders" with a token of "shop" from "acme" and says "I-am-root" in the header "X_JWT_Assertion"
      Then the backend answers the call
      And the backend did not see "I-am-root"

    @extended @negative @needs:admin @needs:publisher @needs:devportal @needs:fresh-issuer @DEF-073
    Scenario: A line break in a claim begins no header at the backend
      When the API consumer calls "orders" with a token of "shop" from "acme" whose subject has a line break in it
      Then the backend answers the call
      And the backend saw no "X-Admin" header

    @extended @needs:admin @needs:publisher @needs:devportal @needs:fresh-issuer @needs:backend-tokens @DEF-072
    Scenario: A client cannot have the gateway's own header dropped
      When the API consumer calls "orders" with a token of "shop" from "acme" and says "close, X-JWT-Assertion" in the header "Connection"
      Then the backend answers the call
      And the backend saw a "X-JWT-Assertion" header

    @core @negative @needs:admin @needs:publisher @needs:devportal @needs:fresh-issuer @DEF-074
    Scenario: What nobody checked is not told to the backend
      Given an API "weather" that is open to everybody
      When the API consumer calls "weather" with a token of "shop" from "acme" whose claims were altered
      Then the backend answers the call
      And the backend saw no "X-JWT-Assertion" header

    @core @negative @needs:admin @needs:publisher @needs:devportal @needs:fresh-issuer @DEF-093
    Scenario: Users of one client stay apart at the backend
      When "orders" is called with tokens of "shop" from "acme" for twenty users at once
      Then the backend was told each user as the caller of their own call

  Rule: An operation is as closed as its publisher says

    @core @negative @needs:publisher @DEF-076
    Scenario: A policy at an operation leaves the check of tokens in place
      Given an API "orders" with a policy at its operation
      When the API consumer calls "orders" without a token
      Then the call is refused because credentials are missing
      And the call did not reach the backend

    @core @negative @needs:publisher @SEED-KM-30/scopes @DEF-052
    Scenario: An operation cannot need a scope that its API does not have
      When the publisher adds an API "orders" whose operation needs the scope "orders-raed", which it does not have
      Then the request is refused as malformed
