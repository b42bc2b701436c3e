@permissions @needs:admin @needs:devportal
Feature: Key managers that are kept for organizations
  A tenant may have organizations. A key manager that is kept for some of them is offered to their members alone; the
  developer here belongs to none.

  @extended @negative @SEED-KM-12 @DEF-SEED-ORG-01
  Scenario: A key manager of an organization is not offered to others
    Given a described key manager "acme" at a custom server that is kept for the organization "Partners"
    When the developer looks at the key managers
    Then the key manager "acme" is not offered

  @extended @SEED-KM-12 @DEF-SEED-ORG-02
  Scenario: A key manager that is opened to all organizations is offered again
    Given a described key manager "acme" at a custom server that is kept for the organization "Partners"
    And the administrator has opened "acme" to all organizations
    When the developer looks at the key managers
    Then the key manager "acme" is offered
