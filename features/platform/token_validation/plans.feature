@token-validation @needs:publisher @needs:devportal @needs:gateway @needs:resident
Feature: APIs that need no subscription
  An API without any plan is open to every application; with a plan it is not.

  @extended @APIM-SUB-10 @DEF-SEED-SUB-08
  Scenario: An API whose plans are taken away comes to take the token of an application that is not subscribed
    Given an API "orders"
    And the application "shop" with keys at the resident key manager
    And the API consumer holds a token of "shop" from the resident key manager
    When the publisher takes the plans of "orders" away
    Then "orders" comes to accept the token

  @extended @APIM-SUB-10 @DEF-SEED-SUB-09
  Scenario: An API whose plans are taken away is shown as one that needs no subscription
    Given an API "orders"
    When the publisher takes the plans of "orders" away
    Then the publisher reads the plans "DefaultSubscriptionless" of "orders"

  @extended @negative @APIM-SUB-11 @DEF-SEED-GW-18
  Scenario: An API that is given a plan again comes to refuse an application that is not subscribed
    Given an API "orders" that needs no subscription
    And the application "shop" with keys at the resident key manager
    And the API consumer holds a token of "shop" from the resident key manager
    When the publisher gives "orders" the plan "Unlimited"
    Then "orders" comes to refuse the token because there is no subscription
