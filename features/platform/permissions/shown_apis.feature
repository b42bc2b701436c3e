@permissions @needs:publisher @needs:devportal @needs:gateway
Feature: APIs that are shown to some users only
  An API is shown in the developer portal to everybody, or to the holders of some roles alone. Here the other developer holds
  the role "contractors" and the developer does not.

  Rule: Whom an API is not shown to cannot come by it

    @extended @DEF-SEED-API-02
    Scenario: A developer with the role sees the API
      Given an API "orders" that is shown to the role "contractors" only
      When the other developer looks at the APIs
      Then the API "orders" is shown

    @extended @negative @DEF-SEED-API-01
    Scenario: A developer without the role does not see the API
      Given an API "orders" that is shown to the role "contractors" only
      When the developer looks at the APIs
      Then the API "orders" is not shown

    @extended @negative @DEF-SEED-API-01
    Scenario: A developer without the role cannot subscribe to the API
      Given an API "orders" that is shown to the role "contractors" only
      And the application "shop"
      When the developer subscribes "shop" to "orders"
      Then the request is refused because the API is not shown to its owner

  Rule: What was subscribed to stays listed

    @extended @APIM-SUB-09 @DEF-SEED-API-01 @DEF-SEED-API-02 @DEF-SEED-API-03
    Scenario: A subscription to an API that is not shown any more is still listed
      Given an API "orders"
      And the application "shop" subscribed to the API "orders"
      When the publisher shows "orders" to the role "contractors" only
      Then the API "orders" is shown to the other developer and not to the developer
      And the developer still sees the subscription of "shop" to "orders"
