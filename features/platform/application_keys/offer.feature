@application-keys @needs:admin @needs:devportal
Feature: The key managers that a developer is offered
  Every key manager of the tenant is a choice; the developer configures nothing.

  @core @smoke @SEED-KM-12 @SEED-IS7-01 @SEED-KM-07 @DEF-SEED-KM-22 @needs:resident
  Scenario: All key managers of the tenant are offered
    Given a described key manager "is7" at WSO2 Identity Server 7
    And a described key manager "acme" at a custom server
    When the developer looks at the key managers
    Then the key managers "is7", "acme" and the resident one are offered

  @core @SEED-KM-12 @APIM-DISP-03 @DEF-SEED-KM-22 @DEF-SEED-KEYS-14 @needs:resident
  Scenario: Each key manager is offered with endpoints of its own
    Given a described key manager "is7" at WSO2 Identity Server 7 with
      | display token endpoint | /shown/to/developers |
    And a described key manager "acme" at a custom server
    When the developer looks at the key managers
    Then the key managers "is7", "acme" and the resident one are offered
    And the token endpoint offered for "is7" is "/shown/to/developers"
    And the token endpoint offered for "acme" is "/oauth/token"

  @core @SEED-KM-11/other_tenant @DEF-SEED-KM-25 @needs:tenants
  Scenario: A key manager of another tenant is not offered
    Given another tenant with a key manager "acme_login"
    When the developer looks at the key managers
    Then the key manager "acme_login" is not offered

  @core @negative @SEED-KM-18 @SEED-KM-19
  Scenario Outline: A key manager that <restriction> is not offered to the other developer
    Given a described key manager "acme" at a custom server with
      | permission | <permission> |
    When the other developer looks at the key managers
    Then the key manager "acme" is not offered

    @DEF-SEED-PERM-02
    Examples:
      | restriction                | permission  |
      | allows only administrators | ALLOW admin |

    @DEF-148 @DEF-SEED-PERM-04
    Examples:
      | restriction                    | permission       |
      | denies the role of contractors | DENY contractors |

  @core @SEED-KM-12 @DEF-157 @DEF-158 @needs:fresh-issuer @connector:is7
  Scenario: A key manager generates keys as soon as it was added
    Given the authorization server "acme", which is WSO2 Identity Server 7
    And the application "shop"
    And the administrator has just added the key manager "acme"
    When the developer generates keys for "shop" at "acme" without further configuration
    Then the consumer key is the client id that "acme" issued

  @core @DEF-SEED-KEYS-11 @needs:resident @SEED-KM-12 @SEED-KM-22 @APIM-KEY-01
  Scenario: Keys come from the resident key manager when the developer names none
    Given the application "shop"
    When the developer generates keys for "shop" without naming a key manager
    Then the request is granted
    And the developer sees keys of "shop" at the resident key manager
