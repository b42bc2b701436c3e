@application-keys @needs:publisher @needs:devportal
Feature: Subscriptions and their plans
  A developer chooses a plan, the publisher of the API may choose another. Each sees the subscriptions that concern them.

  Rule: A subscription is seen by whoever it concerns

    @core @APIM-SUB-01 @DEF-SEED-SUB-01
    Scenario: A subscription is listed once it is made
      Given an API "orders"
      And the application "shop"
      When the developer subscribes "shop" to "orders"
      Then the request is granted
      And the subscriptions of "shop" are exactly those to "orders"

    @core @APIM-SUB-08 @DEF-SEED-SUB-02
    Scenario: The subscriptions of an application are listed without those of another
      Given an API "orders"
      And an API "bills"
      And the application "shop" subscribed to the API "orders"
      And the application "bank" subscribed to the API "bills"
      When the developer lists the subscriptions of "shop"
      Then exactly the subscriptions of "shop" to "orders" are listed

    @core @APIM-SUB-08 @DEF-SEED-SUB-02
    Scenario: The subscriptions to an API are listed without those to another
      Given an API "orders"
      And an API "bills"
      And the application "shop" subscribed to the API "orders"
      And the application "bank" subscribed to the API "bills"
      When the developer lists the subscriptions to "bills"
      Then exactly the subscriptions of "bank" to "bills" are listed

  Rule: A block is shown

    @core @APIM-SUB-02 @DEF-SEED-SUB-03
    Scenario: A blocked subscription is shown as blocked
      Given an API "orders"
      And the application "shop" subscribed to the API "orders"
      When the publisher blocks the subscription of "shop" to "orders"
      Then the subscription of "shop" to "orders" is "BLOCKED"

    @core @APIM-SUB-02 @DEF-SEED-SUB-03
    Scenario: A subscription whose block was lifted is shown as unblocked
      Given an API "orders"
      And the application "shop" subscribed to the API "orders"
      And the publisher has blocked the subscription of "shop" to "orders"
      When the publisher unblocks the subscription of "shop" to "orders"
      Then the subscription of "shop" to "orders" is "UNBLOCKED"

  Rule: The plan can be changed to one that the API offers

    Background:
      Given an API "orders" with the plans "Unlimited, Gold"
      And the application "shop" subscribed to the API "orders"

    @core @APIM-SUB-03 @DEF-SEED-SUB-04
    Scenario: A developer changes the plan of a subscription
      When the developer changes the plan of "shop" at "orders" to "Gold"
      Then the request is granted
      And the plan of "shop" at "orders" is "Gold"

    @core @APIM-SUB-06 @DEF-SEED-SUB-05
    Scenario: The publisher changes the plan of a subscription
      When the publisher changes the plan of "shop" at "orders" to "Gold"
      Then the request is granted
      And the publisher sees "shop" at "orders" on the plan "Gold"

    @core @negative @APIM-SUB-04 @DEF-SEED-SUB-06
    Scenario Outline: The publisher cannot change the plan of a subscription to <plan>
      When the publisher changes the plan of "shop" at "orders" to "<name>"
      Then the request is refused as malformed
      And the publisher sees "shop" at "orders" on the plan "Unlimited"

      Examples:
        | plan                        | name     |
        | an empty one                |          |
        | an unknown one              | Platinum |
        | one that the API lacks      | Bronze   |

    @core @negative @APIM-SUB-05 @DEF-SEED-SUB-07
    Scenario: The plan of no subscription cannot be changed
      When the publisher changes the plan of a subscription without an id to "Gold"
      Then the request is refused as malformed

    @core @negative @APIM-SUB-05 @DEF-SEED-SUB-07
    Scenario: The plan of an unknown subscription cannot be changed
      When the publisher changes the plan of a subscription that does not exist to "Gold"
      Then the request is refused because there is no such subscription
