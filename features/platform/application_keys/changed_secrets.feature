@application-keys @needs:admin @needs:devportal @needs:fresh-issuer @connector:is7
Feature: Secrets that change at the authorization server
  The portal uses the secret that it has; where the server knows another one by now, it says so.

  @extended @negative @DEF-179
  Scenario: A secret that was changed at its server brings no token in the portal
    Given a key manager "acme" at WSO2 Identity Server 7
    And the application "shop" with keys at "acme"
    And the secret of "shop" was changed at "acme"
    When the developer generates a token for "shop" at "acme"
    Then the request is refused because no token could be generated
