@permissions @needs:admin @needs:devportal
Feature: Key managers that are kept for organizations
  A tenant may have organizations. A key manager that is kept for some of them is offered to their members alone; the
  developer here belongs to none.

  @extended @negative @SEED-KM-12 @DEF-SEED-ORG-01 @APIM-ORG-01
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

  @extended @APIM-ORG-01 @DEF-SEED-ORG-03 @needs:deployment
  Scenario: A key manager of an organization is offered to its members
    Given a described key manager "acme" at a custom server that is kept for the organization "Partners"
    And the developer is a member of the organization "Partners"
    When the developer looks at the key managers
    Then the key manager "acme" is offered

  @extended @negative @APIM-ORG-01 @DEF-SEED-ORG-01 @needs:deployment
  Scenario: A key manager of an organization is not offered to members of another
    Given a described key manager "acme" at a custom server that is kept for the organization "Partners"
    And the developer is a member of the organization "Suppliers"
    When the developer looks at the key managers
    Then the key manager "acme" is not offered

  @extended @negative @APIM-ORG-02 @DEF-SEED-ORG-01 @needs:deployment
  Scenario: A key manager for no organization is not offered to members of one
    Given a described key manager "acme" at a custom server that is kept for the organization "Partners"
    And the administrator has closed "acme" to all organizations
    And the developer is a member of the organization "Partners"
    When the developer looks at the key managers
    Then the key manager "acme" is not offered
