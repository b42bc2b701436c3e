@resilience @needs:admin @needs:publisher @needs:devportal @needs:gateway @needs:fresh-issuer @connector:custom
Feature: Keys under attack
  Whoever sends tokens with keys that nobody published can neither hammer the authorization server nor harm the others.

  Background:
    Given a key manager "acme" at a custom server
    And the application "shop" mapped to a client of "acme" and subscribed to the API "orders"

  @core @negative @DEF-098
  Scenario: A flood of unknown key ids does not reach the authorization server
    When "orders" is called with a flood of tokens of "acme" that name unknown keys
    Then "acme" received at most 10 key set requests during it

  @core @DEF-099
  Scenario: A flood of unknown key ids leaves known keys alone
    Given "orders" has accepted a token of "shop" from "acme"
    When "orders" is called with a flood of tokens of "acme" that name unknown keys
    Then "orders" accepts a new token of "shop" from "acme"

  @extended @DEF-100
  Scenario: A key that is rotated after a flood is seen in time
    Given "orders" has accepted a token of "shop" from "acme"
    And "orders" was called with a flood of tokens of "acme" that name unknown keys
    When the authorization server "acme" rotates its signing key
    Then "orders" comes to accept a new token of "shop" from "acme"

  @extended @negative @DEF-101
  Scenario: An empty key set is not fetched for every token
    Given "acme" publishes nothing
    When "orders" is called with a flood of tokens of "acme" that name unknown keys
    Then "acme" received at most 10 key set requests during it

  @extended @negative @DEF-101
  Scenario: What is no key set is not fetched for every token
    Given "acme" publishes no list of keys
    When "orders" is called with a flood of tokens of "acme" that name unknown keys
    Then "acme" received at most 10 key set requests during it
