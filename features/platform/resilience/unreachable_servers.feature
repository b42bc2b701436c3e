@resilience @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer
Feature: Authorization servers that fail
  When an authorization server is out of reach the platform closes what it cannot check and keeps the rest open.

  Rule: What cannot be checked stays closed

    @core @negative @serial @SEED-KM-17 @DEF-SEED-GW-06 @needs:opaque-tokens @connector:is7
    Scenario: An opaque token is refused while its authorization server is down
      Given the administrator has disabled the resident key manager
      And a key manager "acme" at WSO2 Identity Server 7 that issues opaque tokens
      And the application "shop" with keys at "acme", subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And the authorization server "acme" is down
      When the API consumer calls "orders" with the token
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @negative @DEF-102 @connector:custom
    Scenario: No token is believed while no key was ever fetched
      Given a key manager "acme" at a custom server with
        | key set | /no-such-keys |
      And an API "orders"
      When the API consumer calls "orders" with a token of an unmapped client of "acme"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @negative @DEF-008 @connector:custom
    Scenario: A forged token is refused while the keys cannot be fetched
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the authorization server "acme" is down
      When the API consumer calls "orders" with a token of "shop" from "acme" signed with a foreign key
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @negative @DEF-102 @DEF-008 @connector:custom
    Scenario: A token with an unheard-of key is refused while the keys cannot be fetched again
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the authorization server "acme" is down
      When the API consumer calls "orders" with a token of "shop" from "acme" that names an unknown key and is signed with that
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @negative @DEF-SEED-GW-20 @connector:is7 @APIM-KEY-06
    Scenario: Key generation at a server that is down leaves nothing behind
      Given a key manager "acme" at WSO2 Identity Server 7
      And the application "shop"
      And the authorization server "acme" is down
      When the developer generates keys for "shop" at "acme"
      Then the request is refused because the authorization server cannot be reached
      And the developer sees no keys of "shop" at "acme"

  Rule: What can still be checked stays open

    @core @DEF-103 @connector:custom
    Scenario: A token whose key is known is accepted while its authorization server is down
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And "orders" has accepted a token of "shop" from "acme"
      And the authorization server "acme" is down
      When the API consumer calls "orders" with a new token of "shop" from "acme"
      Then the backend answers the call

    @core @SEED-KM-07 @DEF-SEED-GW-07 @connector:custom
    Scenario: A key manager that is down does not disturb the tokens of another
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the authorization server "globex" is down
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call

    @core @SEED-IS7-15 @DEF-SEED-GW-16 @connector:is7 @APIM-CRUD-12
    Scenario: A key manager may be added while its authorization server is down
      Given the authorization server "acme", which is WSO2 Identity Server 7
      And the authorization server "acme" is down
      When the administrator adds the authorization server "acme" as a key manager
      Then the request is granted
      And the key manager "acme" is listed

    @core @APIM-CRUD-12 @DEF-SEED-KM-41 @connector:is7
    Scenario: A key manager may be changed while its authorization server is down
      Given a key manager "acme" at WSO2 Identity Server 7
      And the authorization server "acme" is down
      When the administrator changes the description of "acme" to "out of order"
      Then the request is granted
      And the description of "acme" is "out of order"

    @core @APIM-CRUD-12 @DEF-SEED-KM-41 @connector:is7
    Scenario: A key manager may be deleted while its authorization server is down
      Given a key manager "acme" at WSO2 Identity Server 7
      And the authorization server "acme" is down
      When the administrator deletes "acme"
      Then the request is granted
      And the key manager "acme" is not listed

  Rule: What is held up holds up nothing else

    @core @DEF-105 @connector:custom
    Scenario: A call that its authorization server holds up holds up no other call
      Given a key manager "acme" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the authorization server "globex", which is a custom server
      And "globex" is slow to tell its keys
      And a key manager "globex" at a custom server
      When the API consumer calls "orders" with a token of "shop" from "acme" while a call with a token of "globex" is held up
      Then the backend answers the call
      And the other call was still held up by then
