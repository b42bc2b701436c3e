@application-keys @needs:admin @needs:devportal @needs:fresh-issuer @connector:is7
Feature: Connectors that prove themselves by a certificate
  A connector may have no password: the platform then shows its own certificate to the authorization server and names the user
  that it acts for.

  Background:
    Given a key manager "acme" at WSO2 Identity Server 7 that takes the platform's certificate for "admin"

  @extended @SEED-IS7-09 @APIM-CONN-10 @DEF-SEED-CONN-10
  Scenario: Keys are generated in the name of the user that was entered
    Given the application "shop"
    When the developer generates keys for "shop" at "acme"
    Then the consumer key is the client id that "acme" issued
    And every registration at "acme" was made in the name of "admin", without a password

  @extended @APIM-CONN-10 @DEF-SEED-GW-03 @needs:publisher @needs:gateway
  Scenario: Keys that were had by a certificate bring tokens that open the API
    Given an API "orders"
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    When the API consumer calls "orders" with a token of "shop" from "acme"
    Then the backend answers the call

  @extended @negative @APIM-CONN-10 @DEF-186 @needs:publisher @needs:gateway
  Scenario: Such a token is refused once its server has announced the revocation
    Given the application "shop" with keys at "acme", subscribed to the API "orders"
    And the API consumer holds a token of "shop" from "acme"
    And "orders" has accepted the token
    When the authorization server "acme" announces the revocation of the token
    Then "orders" comes to refuse the token as unauthenticated
