@token-validation @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer @connector:is7
Feature: Asking about self-contained tokens
  A key manager that validates by introspection is asked about tokens that could be checked without it, too: those whose
  claims its token handling names.

  @core @SEED-IS-26 @DEF-SEED-IS-26 @APIM-INT-01 @APIM-INT-05
  Scenario: A token whose claims match is asked about
    Given a key manager "acme" at WSO2 Identity Server 7 with
      | token validation | introspection   |
      | token handling   | JWT aut APPLI.+ |
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    When the API consumer calls "orders" with a token of "shop" from "acme"
    Then the backend answers the call
    And "acme" received an introspection request

  @core @negative @SEED-IS-23 @SEED-IS-26 @SEED-IS-08 @DEF-SEED-IS-23
  Scenario: A token that its server has revoked is refused, sound as it looks
    Given a key manager "acme" at WSO2 Identity Server 7 with
      | token validation | introspection   |
      | token handling   | JWT aut APPLI.+ |
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    And the API consumer holds a token of "shop" from "acme"
    And the token was revoked at "acme"
    When the API consumer calls "orders" with the token
    Then the call is refused because the credentials are invalid
    And the call did not reach the backend

  @core @negative @SEED-IS-26 @DEF-063
  Scenario: A token whose claims do not match is nobody's
    Given a key manager "acme" at WSO2 Identity Server 7 with
      | token validation | introspection            |
      | token handling   | JWT aut APPLICATION_USER |
    And the application "shop" with keys at "acme"
    And an API "orders"
    When the API consumer calls "orders" with a token of "shop" from "acme"
    Then the call is refused because the credentials are invalid
    And "acme" received no introspection request

  @extended @SEED-IS-23 @DEF-SEED-GW-62
  Scenario: The management client of Asgardeo asks about its tokens
    Given a key manager "acme" at Asgardeo that registers clients
    And the administrator has changed the token handling of "acme" to "JWT azp .+"
    And the administrator has changed the token validation of "acme" to "introspection"
    And the application "shop" with keys at "acme", subscribed to the API "orders"
    When the API consumer calls "orders" with a token of "shop" from "acme"
    Then the backend answers the call
    And "acme" received an introspection request
