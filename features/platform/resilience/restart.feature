@resilience @serial @needs:restart @needs:admin @needs:devportal @needs:publisher @needs:gateway
Feature: What survives a restart
  The platform keeps its key managers, keys and revocations; a restart forgets none of them.

  @core @SEED-KM-08 @DEF-147
  Scenario: A key manager reads the same after a restart
    Given a described key manager "acme" at a custom server with
      | description | written before the restart |
    When the platform restarts
    Then "acme" reads as before

  @core @SEED-KM-08 @DEF-147 @DEF-182 @needs:fresh-issuer @connector:custom
  Scenario: Tokens of a third-party key manager are accepted after a restart
    Given a key manager "acme" at a custom server
    And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
    When the platform restarts
    Then "orders" comes to accept a new token of "shop" from "acme"

  @core @SEED-KM-08 @SEED-IS-12/password @DEF-147 @needs:fresh-issuer @connector:is7
  Scenario: A secret that was entered before a restart still opens the authorization server
    Given a key manager "acme" at WSO2 Identity Server 7
    And the application "shop"
    And the platform has restarted
    When the developer generates keys for "shop" at "acme"
    Then the consumer key is the client id that "acme" issued

  @core @negative @SEED-KM-27/revocation @DEF-188 @DEF-189 @APIM-TOK-20 @APIM-REV-12 @needs:resident
  Scenario: A revoked token stays refused after a restart
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    And the token was revoked at the resident key manager
    When the platform restarts
    Then "orders" comes to accept a new token of "shop" from the resident key manager
    And "orders" refuses the token as unauthenticated

  @core @SEED-KM-08 @DEF-190 @needs:fresh-issuer @connector:custom
  Scenario: A subscription counts after a restart
    Given a key manager "acme" at a custom server
    And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"
    And the API consumer holds a token of "shop" from "acme"
    When the platform restarts
    Then "orders" comes to accept the token

  @core @APIM-TOK-20 @DEF-SEED-TOK-04 @needs:resident
  Scenario: A resident token stays valid over a restart
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    When the platform restarts
    Then "orders" comes to accept the token

  @core @SEED-KM-30/scopes @APIM-SCO-12 @DEF-SEED-SCO-06 @needs:resident
  Scenario: An operation needs its scope after a restart
    Given a shared scope "pets-write" for the role "Internal/subscriber"
    And an API "orders" that needs the shared scope "pets-write"
    And the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager by password for the scope "pets-write"
    When the platform restarts
    Then "orders" comes to accept the token
    And "orders" refuses a new token of "shop" from the resident key manager because the scope is missing
