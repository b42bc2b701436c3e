@propagation @needs:publisher @needs:devportal @needs:gateway @needs:resident
Feature: The life cycle of an API reaches the gateway
  What a publisher takes out of service is not served any more, whoever calls.

  @extended @negative @SEED-KM-10 @DEF-SEED-GW-26
  Scenario: A live token is refused once its API is blocked
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    And "orders" has accepted the token
    When the publisher blocks the API "orders"
    Then "orders" comes to refuse the token because the API is blocked

  @extended @negative @SEED-KM-10 @DEF-SEED-GW-26
  Scenario: A live token is refused once its API is retired
    Given the application "shop" with keys at the resident key manager, subscribed to the API "orders"
    And the API consumer holds a token of "shop" from the resident key manager
    And "orders" has accepted the token
    When the publisher retires the API "orders"
    Then "orders" comes to refuse the token because there is no such API
