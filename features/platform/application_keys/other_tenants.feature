@application-keys @needs:admin @needs:devportal @needs:resident @needs:tenants @needs:deployment
Feature: Keys of another tenant's key manager
  Tenants keep to themselves unless the platform lets them use what is each other's; then keys go by the tenant of
  their key manager.

  Background:
    Given the platform lets tenants use what is each other's
    And another tenant with a key manager "elsewhere"
    And the application "shop"

  @extended @SEED-KM-11/other_tenant @SEED-KM-12 @DEF-SEED-TEN-01
  Scenario: Keys come from another tenant's key manager that is named by its id
    When the developer generates keys for "shop" at the other tenant's resident key manager
    Then the request is granted
    And the keys come with a token
    And the developer sees no keys of "shop" at the resident key manager

  @extended @negative @SEED-KM-11/other_tenant @DEF-SEED-TEN-01
  Scenario: Keys of another tenant's key manager are not among the tenant's own
    When the developer generates keys for "shop" at the other tenant's resident key manager
    Then the request is granted
    And the developer sees no keys of "shop" at the resident key manager

  @extended @SEED-KM-11/own_tenant @DEF-SEED-KEYS-09
  Scenario: Keys named after the own key manager are those of the own tenant
    When the developer generates keys for "shop" at the resident key manager
    Then the request is granted
    And the developer sees keys of "shop" at the resident key manager
