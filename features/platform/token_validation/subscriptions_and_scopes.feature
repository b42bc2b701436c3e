@token-validation @needs:admin @needs:publisher @needs:devportal @needs:gateway
Feature: What a sound token may reach
  A sound token says who calls; the subscription and the scopes say what that caller may reach.

  Rule: Only a subscribed application reaches an API

    @core @negative @SEED-OOB-22/production @DEF-SEED-GW-18 @APIM-JWT-11 @needs:fresh-issuer
    Scenario: A client that no application claims is refused
      Given a key manager "acme" at a custom server
      And an API "orders"
      When the API consumer calls "orders" with a token of an unmapped client of "acme"
      Then the call is refused because there is no subscription
      And the refusal says "API Subscription validation failed"
      And the call did not reach the backend

    @core @negative @SEED-OOB-22/production @DEF-SEED-GW-18 @needs:fresh-issuer @APIM-GW-02
    Scenario: A mapped client of an unsubscribed application is refused
      Given a key manager "acme" at a custom server
      And an API "orders"
      And the application "shop" mapped to a client of "acme"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the call is refused because there is no subscription
      And the call did not reach the backend

    @core @SEED-OOB-22/production @DEF-183 @needs:fresh-issuer
    Scenario: A subscription opens the API for keys that exist already
      Given a key manager "acme" at a custom server
      And an API "orders"
      And the application "shop" mapped to a client of "acme"
      When the developer subscribes "shop" to "orders"
      Then "orders" comes to accept a new token of "shop" from "acme"

    @core @negative @DEF-SEED-GW-18 @needs:fresh-issuer
    Scenario: A consumer key counts only with the key manager that it was mapped at
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token from "globex" that names the client of "shop" at "acme"
      Then the call is refused because there is no subscription
      And the call did not reach the backend

    @core @negative @DEF-095 @needs:fresh-issuer
    Scenario: Rights of one client do not pass to another of the same user
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the API consumer calls "orders" with a token of another client of "acme" for the same user
      Then the call is refused because there is no subscription
      And the call did not reach the backend

    @core @DEF-092 @needs:fresh-issuer
    Scenario: A token that was refused is accepted once its client is mapped
      Given a key manager "acme" at a custom server
      And an API "orders"
      And the application "shop"
      And the API consumer holds a token of an unmapped client of "acme", which "orders" refuses
      When the developer maps that client to "shop" and subscribes it to "orders"
      Then "orders" comes to accept the token

    @core @negative @DEF-SEED-GW-02 @needs:resident
    Scenario: A sandbox key opens no API that has a production backend only
      Given an API "orders" that has a backend for production keys only
      And the application "shop" with sandbox keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the call is refused because there is no backend for keys of its type
      And the call did not reach the backend

    @core @negative @DEF-083 @APIM-AK-12
    Scenario: An API key opens nothing once its application is unsubscribed
      Given an API "orders" that takes API keys
      And the application "shop" subscribed to the API "orders"
      And the API consumer holds an API key of "shop", which "orders" has accepted
      When the developer unsubscribes "shop" from "orders"
      Then "orders" comes to refuse the API key because there is no subscription

  Rule: An operation that needs a scope is closed to tokens without it

    @core @serial @SEED-KM-30/scopes @DEF-SEED-GW-03 @needs:resident
    Scenario: A token with the needed scope reaches the operation
      Given an API "orders" that needs the scope "orders-read"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager for the scope "orders-read"
      Then the backend answers the call

    @core @negative @serial @SEED-KM-30/scopes @DEF-080 @APIM-SCO-02 @needs:resident
    Scenario: A token without the needed scope is refused
      Given an API "orders" that needs the scope "orders-read"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the call is refused because the scope is missing
      And the challenge says that the scope is insufficient
      And the call did not reach the backend

    @core @serial @SEED-KM-30/scopes @APIM-SCO-01 @DEF-SEED-GW-03 @needs:resident
    Scenario Outline: An operation that needs either of two scopes takes a token with "<scope>"
      Given an API "orders" whose resources need these scopes:
        | /* | orders-read or orders-write |
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager for the scope "<scope>"
      Then the backend answers the call

      Examples:
        | scope        |
        | orders-read  |
        | orders-write |

    @extended @serial @SEED-KM-30/scopes @APIM-SCO-04 @DEF-SEED-GW-03 @needs:resident
    Scenario Outline: <resource> asks for the scope "<scope>" of the most specific path
      Given an API "orders" whose resources need these scopes:
        | /orders/latest | exact   |
        | /orders/*      | segment |
        | /*             | rest    |
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" at "<path>" with a token of "shop" from the resident key manager for the scope "<scope>"
      Then the backend answers the call

      Examples:
        | resource         | path           | scope   |
        | A path           | /orders/latest | exact   |
        | A segment        | /orders/7      | segment |
        | Anything besides | /stock         | rest    |

    @extended @negative @serial @SEED-KM-30/scopes @APIM-SCO-04 @DEF-SEED-SCO-01 @needs:resident
    Scenario Outline: <resource> does not take the scope "<scope>" of another path
      Given an API "orders" whose resources need these scopes:
        | /orders/latest | exact   |
        | /orders/*      | segment |
        | /*             | rest    |
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" at "<path>" with a token of "shop" from the resident key manager for the scope "<scope>"
      Then the call is refused because the scope is missing

      Examples:
        | resource         | path           | scope   |
        | A path           | /orders/latest | segment |
        | A segment        | /orders/7      | rest    |
        | Anything besides | /stock         | exact   |

  Rule: A refusal speaks the product's language

    @core @negative @OAUTH-6750-3-a @DEF-078
    Scenario: A call without credentials is told that they are missing
      Given an API "orders"
      When the API consumer calls "orders" without a token
      Then the call is refused because credentials are missing
      And the refusal challenges for a Bearer token

    @core @negative @OAUTH-9068-4-c @APIM-GW-10 @DEF-079
    Scenario Outline: The refusal of <token> does not say what was wrong with it
      Given an API "orders"
      When the API consumer calls "orders" with the token "<text>"
      Then the call is refused because the credentials are invalid
      And the refusal does not repeat the token

      Examples:
        | token           | text                                 |
        | a random word   | nonsense                             |
        | a stray UUID    | 7d9e4f0a-8c7b-4d5e-9f10-1234567890ab |
        | a broken triple | abc.def.ghi                          |
