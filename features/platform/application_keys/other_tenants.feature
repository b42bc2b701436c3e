@application-keys @needs:admin @needs:devportal @needs:resident @needs:tenants @needs:deployment
Feature: Keys of another tenant's key manager
  Tenants keep to themselves unless the platform lets them use what is each other's; then keys go by the tenant of
  their key manager.

  Background:
    Given the platform lets tenants use what is each other's
    And another tenant with a key manager "elsewhere"
    And the application "shop"

  @extended @SEED-KM-11/other_tenant @SEED-KM-12 @DEF-SEED-TEN-01 @APIM-TEN-04
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

  @extended @SEED-KM-11/own_tenant @DEF-SEED-KEYS-09 @APIM-TEN-04
  Scenario: Keys named after the own key manager are those of the own tenant
    When the developer generates keys for "shop" at the resident key manager
    Then the request is granted
    And the developer sees keys of "shop" at the resident key manager

  @extended @APIM-TEN-02 @DEF-SEED-TEN-02
  Scenario: The key managers of the other tenant's portal are those of that tenant
    Given a described key manager "at_home" at a custom server
    When the developer looks at the key managers of the other tenant
    Then the key manager "elsewhere" is offered
    And the key manager "at_home" is not offered

  @extended @APIM-TEN-03 @APIM-TEN-04 @DEF-SEED-TEN-02
  Scenario: An application's keys are shown in the portal of their key manager's tenant
    Given "shop" has keys at the resident key manager
    And "shop" has keys at the other tenant's resident key manager
    When the developer looks at "shop" in the other tenant's portal
    Then 1 set of keys is shown
    And the latest keys of "shop" are among them

  @extended @APIM-TEN-09 @DEF-SEED-TEN-02 @needs:publisher
  Scenario: An application subscribes to an API of another tenant
    Given the other tenant's API "orders", which every tenant may use
    When the developer subscribes "shop" to the other tenant's API "orders"
    Then the request is granted

  @extended @APIM-TEN-08 @DEF-SEED-TEN-02 @needs:publisher
  Scenario Outline: The subscriptions in <tenant>'s portal are those to its own APIs
    Given an API "books"
    And the application "library" subscribed to the API "books"
    And the other tenant's API "orders", which every tenant may use and "library" is subscribed to
    When the developer looks at "library" in <tenant>'s portal
    Then one subscription is shown and counted, that to "<api>"

    Examples:
      | tenant           | api    |
      | the own tenant   | books  |
      | the other tenant | orders |

  @extended @APIM-TEN-10 @DEF-SEED-TEN-02 @needs:publisher
  Scenario: The APIs of the other tenant's portal are those of that tenant
    Given an API "books"
    And the other tenant's API "orders", which every tenant may use
    When the developer looks at the APIs of the other tenant
    Then the API "orders" is shown
    And the API "books" is not shown

  @extended @APIM-TEN-11 @DEF-SEED-TEN-04 @needs:publisher
  Scenario: A plan for a role is not offered to who lacks it
    Given the other tenant's plan "Staff", which is for the role "admin" only
    And the other tenant's API "orders" on the plans "Unlimited" and "Staff", which every tenant may use
    When the developer looks at the other tenant's API "orders"
    Then it is offered on the plan "Unlimited" alone

  @extended @negative @APIM-TEN-11 @DEF-SEED-TEN-04 @needs:publisher
  Scenario: Nobody without its role subscribes on a plan for a role
    Given the other tenant's plan "Staff", which is for the role "admin" only
    And the other tenant's API "orders" on the plans "Unlimited" and "Staff", which every tenant may use
    When the developer subscribes "shop" to the other tenant's API "orders" on the plan "Staff"
    Then the request is refused because the plan is for others

  @extended @negative @APIM-TEN-12 @DEF-SEED-TEN-05
  Scenario: An application is on no policy of another tenant
    Given the other tenant's application policy "Theirs"
    When the developer creates the application "library" on the policy "Theirs"
    Then the request is refused as malformed

  @extended @APIM-TEN-13 @DEF-SEED-TEN-06
  Scenario: Application policies are the own ones in every portal
    Given the other tenant's application policy "Theirs"
    When the developer looks at the application policies in the other tenant's portal
    Then the policy "Unlimited" is shown
    And the policy "Theirs" is not shown

  @extended @APIM-TEN-05 @DEF-SEED-TEN-07 @needs:publisher @needs:gateway
  Scenario: A token of the other tenant's key manager opens its API
    Given the other tenant's API "orders", which every tenant may use
    And "shop" is subscribed to the other tenant's API "orders"
    And "shop" has keys at the other tenant's resident key manager
    When the API consumer calls "orders" with a token of "shop" from the other tenant's resident key manager
    Then the backend answers the call

  @extended @negative @APIM-TEN-06 @DEF-SEED-TEN-03 @needs:publisher @needs:gateway
  Scenario: A token of the own key manager does not open another tenant's API
    Given the other tenant's API "orders", which every tenant may use
    And "shop" is subscribed to the other tenant's API "orders"
    And "shop" has keys at the resident key manager
    When the API consumer calls "orders" with a token of "shop" from the resident key manager
    Then the call is refused because the credentials are invalid
