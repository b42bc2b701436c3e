@token-validation @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer
Feature: Which key managers an API accepts
  An API developer may limit an API to named key managers; without a limit every one of the tenant is good.

  Rule: An unrestricted API accepts the tokens of every key manager

    @core @smoke @SEED-KM-11/own_tenant @SEED-KM-15 @DEF-SEED-GW-03 @DEF-SEED-GW-07 @APIM-JWT-10
    Scenario Outline: The API accepts tokens of <key manager> when it names no key managers
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "<key manager>" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "<key manager>"
      Then the backend answers the call

      Examples:
        | key manager |
        | acme        |
        | globex      |

    @core @negative @SEED-KM-11/other_tenant @DEF-045 @needs:tenants
    Scenario: A token of another tenant's key manager is refused
      Given the authorization server "elsewhere", which is a custom server
      And another tenant with a key manager "elsewhere"
      And an API "orders"
      When the API consumer calls "orders" with a token of an unmapped client of "elsewhere"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

  Rule: A restricted API accepts only the key managers it names

    @core @smoke @SEED-KM-02 @SEED-KM-14 @SEED-KM-25 @DEF-SEED-GW-03 @DEF-SEED-GW-10
    Scenario: A token of the key manager that the API names is accepted
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the key manager "acme"
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "acme"
      Then the backend answers the call

    @core @negative @smoke @SEED-KM-02 @SEED-KM-14 @SEED-KM-16 @DEF-192 @DEF-SEED-GW-07
    Scenario: A token of a key manager that the API does not name is refused
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And an API "orders" that accepts only the key manager "acme"
      And the application "shop" mapped to a client of "globex" and subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "globex"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @negative @SEED-KM-16 @SEED-KM-25 @DEF-192 @needs:resident
    Scenario: A resident token is refused where only a third-party key manager is named
      Given a key manager "acme" at a custom server
      And an API "orders" that accepts only the key manager "acme"
      And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from the resident key manager
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

    @core @negative @serial @SEED-KM-16 @SEED-KM-17 @DEF-192 @needs:opaque-tokens @needs:resident @connector:is7
    Scenario: An opaque token of a key manager that the API does not name is refused
      Given the administrator has disabled the resident key manager
      And a key manager "globex" at WSO2 Identity Server 7 that issues opaque tokens
      And a key manager "acme" at a custom server
      And an API "orders" that accepts only the key manager "acme"
      And the application "shop" with keys at "globex", subscribed to the API "orders"
      When the API consumer calls "orders" with a token of "shop" from "globex"
      Then the call is refused because the credentials are invalid
      And the call did not reach the backend

  Rule: A changed list holds once the API is deployed again

    @core @SEED-KM-02 @SEED-KM-14 @DEF-SEED-GW-03 @DEF-SEED-GW-07
    Scenario: A key manager that is added to the list is accepted after the next deployment
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And an API "orders" that accepts only the key manager "acme"
      And the application "shop" mapped to a client of "globex" and subscribed to the API "orders"
      When the publisher lets "orders" accept "acme" and "globex"
      Then "orders" comes to accept a new token of "shop" from "globex"

    @core @negative @SEED-KM-02 @SEED-KM-14 @DEF-094 @DEF-192
    Scenario: A key manager that is taken off the list is refused after the next deployment
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the publisher lets "orders" accept "globex" only
      Then "orders" comes to refuse the token as unauthenticated

    @extended @negative @DEF-094 @DEF-192
    Scenario: A token accepted at one API is still refused at an API that does not name its key manager
      Given a key manager "acme" at a custom server
      And a key manager "globex" at a custom server
      And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
      And an API "billing" that accepts only the key manager "globex", to which "shop" is subscribed
      And the API consumer holds a token of "shop" from "acme"
      And "orders" has accepted the token
      When the API consumer calls "billing" with the token
      Then the call is refused because the credentials are invalid
